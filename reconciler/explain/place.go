package explain

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// Place is one launch attempt of a node in a workspace, as its copy in ZooKeeper says.
type Place struct {
	Node      string `json:"node"`
	Workspace string `json:"workspace"`
	Launcher  string `json:"launcher"` // host
	Alive     bool   `json:"launcher_alive"`
	Attempt   int    `json:"attempt"`
	// Run is what Terraform may be doing there, "" for nothing.
	Run    string `json:"run,omitempty"`
	Class  string `json:"class,omitempty"` // of the failure
	Error  string `json:"error,omitempty"`
	Doomed bool   `json:"to_be_destroyed"`
}

// treePath holds the id of the tree, with which keys are salted.
const treePath = "/nodepool-tf/tree-id"

// Places looks through the copies of all workspaces of the given launchers (ids of state directories) for those of nodes.
// It reads as many copies as these launchers have workspaces. stateKey is terraform.state-key.
func Places(ctx context.Context, s *session.Session, stateKey string, owners, nodes map[string]bool) ([]Place, error) {
	key, err := copyKey(ctx, s, stateKey)
	if err != nil {
		return nil, err
	}
	r := store.NewReader(s, key)
	launchers, err := r.Launchers(ctx)
	if err != nil {
		return nil, err
	}
	var out []Place
	for _, l := range launchers {
		if !owners[l.ID] {
			continue
		}
		ids, err := r.Of(ctx, l.ID)
		if err != nil {
			return nil, err
		}
		found := make([][]Place, len(ids))
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(32)
		for i, id := range ids {
			g.Go(func() error {
				d, err := r.Get(ctx, id)
				if errors.Is(err, zk.ErrNoNode) {
					return nil
				}
				if err != nil {
					return err
				}
				found[i], err = placesIn(d, l, nodes)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		for _, some := range found {
			out = append(out, some...)
		}
	}
	return out, nil
}

func placesIn(d store.Document, l store.Launcher, nodes map[string]bool) ([]Place, error) {
	rec, err := workspace.RecordOf(d)
	if err != nil {
		return nil, err
	}
	var out []Place
	for _, name := range rec.Names() {
		slot := rec.Slots[name]
		if !nodes[slot.Node] {
			continue
		}
		p := Place{
			Node: slot.Node, Workspace: rec.ID, Launcher: l.About.Hostname, Alive: l.Alive, Attempt: slot.Attempt,
			Class: string(slot.Class), Error: slot.Error, Doomed: slot.Doomed,
		}
		if d.Run != nil {
			p.Run = d.Run.Kind
		}
		out = append(out, p)
	}
	return out, nil
}

func copyKey(ctx context.Context, s *session.Session, stateKey string) (*store.Key, error) {
	if stateKey == "" {
		return nil, nil
	}
	tree, _, err := s.Get(ctx, treePath)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, nil // and no copies
	}
	if err != nil {
		return nil, err
	}
	return store.NewKey(stateKey, tree)
}

// String says it in words.
func (p Place) String() string {
	host := p.Launcher
	if !p.Alive {
		host += ", which is not running"
	}
	text := fmt.Sprintf("attempt %d is in workspace %s of the launcher on %s", p.Attempt, p.Workspace, host)
	if p.Run != "" {
		text += "; Terraform may be at work there (" + p.Run + ")"
	}
	if p.Error != "" {
		text += "; it failed (" + p.Class + "): " + p.Error
	}
	if p.Doomed {
		text += "; it is to be destroyed"
	}
	return text
}
