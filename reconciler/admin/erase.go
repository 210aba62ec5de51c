package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// Erased is what erasing a provider removed, or would remove.
type Erased struct {
	Nodes   []string // ids
	Uploads int      // records of image uploads
	// Left are the workspaces that still hold resources of the provider. Erasing does not touch them.
	Left []Left
	// Serving are the hosts whose launchers still have the provider.
	Serving []string
}

// Left is a launcher with workspaces of a provider.
type Left struct {
	Host       string
	Alive      bool     // it is running: it destroys what no record wants
	Workspaces []string // ids
}

// Erasable looks what there is of a provider. It is a Refusal when there is nothing.
func Erasable(ctx context.Context, s *session.Session, provider string, unreadable func(error)) (Erased, error) {
	var e Erased
	if err := checkSegment("provider", provider); err != nil {
		return e, err
	}
	err := readAll(ctx, s, nodesPath, func(id string, data []byte) {
		n, err := record.ParseNode(id, data)
		switch {
		case err != nil:
			unreadable(fmt.Errorf("node %s cannot be read: %w", id, err))
		case n.Provider == provider:
			e.Nodes = append(e.Nodes, id)
		}
	})
	if err != nil {
		return e, err
	}
	images, err := ReadImages(ctx, s, unreadable)
	if err != nil {
		return e, err
	}
	for _, u := range images.Uploads {
		if u.Provider == provider {
			e.Uploads++
		}
	}
	if e.Serving, err = serving(ctx, s, provider); err != nil {
		return e, err
	}
	e.Left, err = workspacesOf(ctx, s, provider)
	if err == nil && len(e.Nodes)+e.Uploads+len(e.Left) == 0 {
		return e, missing("`nodepool-tf list` and `nodepool-tf image-list` show what there is", "there is no record of provider %s", quote(provider))
	}
	return e, err
}

// Warning says what erasing would remove, and what it leaves, in lines.
func (e Erased) Warning(provider string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "provider %s: the records of %d nodes and %d image uploads are erased. This cannot be undone, and nothing in its cloud is touched.\n", quote(provider), len(e.Nodes), e.Uploads)
	if len(e.Serving) > 0 {
		fmt.Fprintf(&b, "It is still served, by the launcher on %s, which may make new nodes: take it out of the configuration first.\n", hosts(e.Serving))
	}
	for _, l := range e.Left {
		then := "it is not running: they stay until it, or another launcher with the same providers and state-key, is started"
		if l.Alive {
			then = "it is running and destroys what no node's record wants, after two looks a minute apart; stop it first to keep that"
		}
		fmt.Fprintf(&b, "%d Terraform workspaces of the launcher on %s hold resources of the provider (%s); %s.\n", len(l.Workspaces), quote(l.Host), some(l.Workspaces), then)
	}
	if len(e.Left) == 0 && len(e.Nodes) > 0 {
		b.WriteString("No Terraform workspace holds any of its resources: what its nodes have in the cloud leaks.\n")
	}
	return b.String()
}

// some names a few of many.
func some(ids []string) string {
	const most = 5
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:most], ", ") + fmt.Sprintf(" and %d more", len(ids)-most)
}

// Report is the result of erasing.
func (e Erased) Report(provider string) status.Report {
	nodes := status.Table{Columns: []status.Column{{Title: "ID", Key: "id"}}}
	for _, id := range e.Nodes {
		nodes.Rows = append(nodes.Rows, []any{id})
	}
	left := status.Table{Columns: []status.Column{{Title: "Workspace", Key: "workspace"}, {Title: "Launcher", Key: "launcher"}, {Title: "Running", Key: "running"}}}
	for _, l := range e.Left {
		for _, ws := range l.Workspaces {
			left.Rows = append(left.Rows, []any{ws, l.Host, l.Alive})
		}
	}
	return status.Report{Title: "Erased provider", Key: "provider", Name: provider, Sections: []status.Section{
		{Title: "Nodes erased", Key: "nodes", Table: nodes}, {Title: "Workspaces left", Key: "workspaces", Table: left},
	}}
}

// EraseUploads removes all records of a provider's uploads, of every image (operator-surface.md 1.7).
func EraseUploads(ctx context.Context, s *session.Session, provider string) error {
	if err := checkSegment("provider", provider); err != nil {
		return err
	}
	images, err := children(ctx, s, imagesPath)
	if err != nil {
		return err
	}
	for _, image := range images {
		builds, err := buildIDs(ctx, s, image)
		if err != nil {
			return err
		}
		for _, build := range builds {
			if err := deleteAll(ctx, s, buildPath(image, build)+"/providers/"+provider); err != nil {
				return err
			}
		}
	}
	return nil
}

// EraseNodes removes the records of nodes: `deleted` first, so that whoever queues for a lock knows what it gets, then
// all of it, locks included.
func EraseNodes(ctx context.Context, s *session.Session, ids []string, now func() time.Time) error {
	return inParallel(ctx, len(ids), func(ctx context.Context, i int) error { return eraseNode(ctx, s, ids[i], now) })
}

func eraseNode(ctx context.Context, s *session.Session, id string, now func() time.Time) error {
	n, version, err := readNode(ctx, s, id)
	if IsMissing(err) {
		return deleteAll(ctx, s, nodePath(id)) // a husk at most
	}
	if err != nil {
		return err
	}
	n.SetState(record.NodeDeleted, now())
	_, err = s.Set(ctx, nodePath(id), n.Encode(), version)
	if err != nil && !errors.Is(err, zk.ErrNoNode) && !errors.Is(err, zk.ErrBadVersion) && !errors.Is(err, zk.ErrConnectionClosed) {
		return err
	}
	return deleteAll(ctx, s, nodePath(id))
}

// deleteAll removes a tree, again where somebody added to it meanwhile.
func deleteAll(ctx context.Context, s *session.Session, path string) error {
	for try := 0; ; try++ {
		err := s.DeleteAll(ctx, path)
		if !errors.Is(err, zk.ErrNotEmpty) || try == 10 {
			return err
		}
	}
}

// workspacesOf lists, by launcher, the workspaces that hold something of a provider. It reads as many records as there
// are workspaces.
func workspacesOf(ctx context.Context, s *session.Session, provider string) ([]Left, error) {
	r := store.NewReader(s, nil)
	launchers, err := r.Launchers(ctx)
	if err != nil {
		return nil, err
	}
	var out []Left
	for _, l := range launchers {
		ids, err := r.Of(ctx, l.ID)
		if err != nil {
			return nil, err
		}
		of := make([]string, len(ids))
		err = inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
			d, err := r.Head(ctx, ids[i])
			if errors.Is(err, zk.ErrNoNode) {
				return nil
			}
			of[i] = d.Provider
			return err
		})
		if err != nil {
			return nil, err
		}
		left := Left{Host: hostOf(l), Alive: l.Alive}
		for i, id := range ids {
			if of[i] == provider {
				left.Workspaces = append(left.Workspaces, id)
			}
		}
		if len(left.Workspaces) > 0 {
			out = append(out, left)
		}
	}
	slices.SortStableFunc(out, func(a, b Left) int { return len(b.Workspaces) - len(a.Workspaces) })
	return out, nil
}
