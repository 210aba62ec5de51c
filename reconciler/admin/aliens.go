package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/explain"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// membersPath has a child for each launcher that ever was in the tree.
const membersPath = "/nodepool-tf/members"

// Alien is a resource in a cloud that carries our tags and belongs to no node's record.
type Alien struct {
	Provider string
	sweep.Resource
	Workspace string // that holds it: its launcher is about to destroy it. "" for none that is known
	MadeBy    string // host of the launcher, "" when no tag says
}

// Aliens judges one list of what a provider has. It must have been made before. stateKey is terraform.state-key; without
// the right one it is not known which workspaces hold them, which unreadable is told.
func Aliens(ctx context.Context, s *session.Session, provider string, listed []sweep.Resource, stateKey string, unreadable func(error)) ([]Alien, error) {
	ids, err := children(ctx, s, nodesPath)
	if err != nil {
		return nil, err
	}
	recorded := make(map[string]bool, len(ids))
	for _, id := range ids {
		recorded[id] = true
	}
	look := sweep.Sighting{Provider: provider, Listed: listed, Recorded: func(node string) bool { return recorded[node] }}
	unknown := look.Unknown()
	if len(unknown) == 0 {
		return nil, nil
	}
	hosts, err := launcherHosts(ctx, s)
	if err != nil {
		return nil, err
	}
	owners, nodes := map[string]bool{}, map[string]bool{}
	for id := range hosts {
		owners[id] = true
	}
	for _, r := range unknown {
		nodes[r.Node()] = true
	}
	in := map[string]string{}
	places, err := explain.Places(ctx, s, stateKey, owners, nodes)
	if err != nil {
		unreadable(err)
	}
	for _, p := range places {
		in[p.Node] = p.Workspace
	}
	var out []Alien
	for _, r := range unknown {
		a := Alien{Provider: provider, Resource: r, Workspace: in[r.Node()]}
		if id := r.Tags[modules.TagLauncher]; id != "" {
			a.MadeBy = cmp.Or(hosts[id], "a launcher of another ZooKeeper tree")
		}
		out = append(out, a)
	}
	return out, nil
}

// launcherHosts are the hosts of all launchers that ever were in the tree, by the id of the state directory.
func launcherHosts(ctx context.Context, s *session.Session) (map[string]string, error) {
	members, err := children(ctx, s, membersPath)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, id := range members {
		out[id] = "a launcher that is gone"
	}
	launchers, err := store.NewReader(s, nil).Launchers(ctx)
	for _, l := range launchers {
		out[l.ID] = hostOf(l)
	}
	return out, err
}

// AlienTable is the list of alien-list, by provider, type and id.
func AlienTable(aliens []Alien) status.Table {
	t := status.Table{Columns: []status.Column{
		{Title: "Provider", Key: "provider"}, {Title: "Type", Key: "type"}, {Title: "ID", Key: "id"}, {Title: "Node", Key: "node"},
		{Title: "Workspace", Key: "workspace"}, {Title: "Made By", Key: "made_by"}, {Title: "Created", Key: "created"},
	}}
	aliens = slices.Clone(aliens)
	slices.SortFunc(aliens, func(a, b Alien) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	for _, a := range aliens {
		t.Rows = append(t.Rows, []any{a.Provider, a.Type, a.ID, a.Node(), text(a.Workspace), text(a.MadeBy), created(a.Created)})
	}
	return t
}

// AlienImageTable is the list of alien-image-list. No driver of this release lists the images of a cloud, so it is empty.
func AlienImageTable() status.Table {
	return status.Table{Columns: []status.Column{{Title: "Provider", Key: "provider"}, {Title: "Name", Key: "name"}, {Title: "Image ID", Key: "id"}}}
}

// text is a string cell, null for "".
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func created(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
