package reconciler

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// readWorkspaces reads those that are the launcher's, or that it would take over.
func (f *Forecast) readWorkspaces(ctx context.Context) error {
	g, dir := f.g, f.o.Config.Terraform.StateDir
	data, _ := os.ReadFile(filepath.Join(dir, "id"))
	ids, err := workspace.ListFolder(dir)
	f.local = err == nil && g.stateID != "" && string(data) == g.stateID+"\n"
	if err := f.sameTree(); err != nil {
		return err
	}
	key, keyErr := stateKey(f.o.Config, g.tree)
	if keyErr != nil {
		g.warn("%v", keyErr)
	}
	f.store = store.NewReader(f.o.Session, key)
	if !f.local {
		ids = f.owned(ctx, g.stateID)
	}
	for id, l := range g.launchers {
		if id != g.stateID && !l.Alive {
			for _, ws := range f.owned(ctx, id) {
				f.taken[ws] = true
				ids = append(ids, ws)
			}
		}
	}
	f.readAll(ctx, ids)
	for id, c := range f.copies {
		for _, s := range c.Record.Slots {
			if was := f.copies[f.at[s.Node]]; was == nil || newestAttempt(was, s.Node) < s.Attempt {
				f.at[s.Node] = id
			}
			if n := g.scene.View.Nodes[s.Node]; n != nil {
				n.Foreign = false
			}
		}
		for _, node := range c.Vanished() {
			if n := g.scene.View.Nodes[node]; n != nil {
				n.Vanished = true
			}
		}
	}
	return ctx.Err()
}

// sameTree makes sure that the state directory's workspaces belong to this ZooKeeper tree: with another the launcher does
// not start.
func (f *Forecast) sameTree() error {
	file := treeFile(f.o.Config.Terraform.StateDir)
	data, _ := os.ReadFile(file)
	if known := strings.TrimSpace(string(data)); f.local && known != "" && f.g.tree != "" && known != f.g.tree {
		return &treeError{file: file, here: known, there: f.g.tree}
	}
	return nil
}

func newestAttempt(c *workspace.Copy, node string) (newest int) {
	for _, s := range c.Record.Slots {
		if s.Node == node {
			newest = max(newest, s.Attempt)
		}
	}
	return newest
}

func (f *Forecast) owned(ctx context.Context, launcher string) []string {
	if launcher == "" {
		return nil
	}
	ids, err := f.store.Of(ctx, launcher)
	if err != nil {
		f.g.warn("the workspaces of launcher %s cannot be listed: %v", launcher, err)
	}
	return ids
}

// read reads a workspace, from the state directory where it is here.
func (f *Forecast) read(ctx context.Context, id string) (workspace.Copy, error) {
	if f.local && !f.taken[id] {
		return workspace.ReadFolder(f.o.Config.Terraform.StateDir, id)
	}
	return f.readKept(ctx, id)
}

// readKept reads the copy in ZooKeeper.
func (f *Forecast) readKept(ctx context.Context, id string) (workspace.Copy, error) {
	t := f.o.Config.Terraform
	from := workspace.Backends{Own: t.Backend, Exec: f.engine.Path, Dir: f.o.Dir, Keyed: t.StateKey != "", Log: f.o.Log}
	return workspace.ReadKept(ctx, f.store, from, id)
}

// readAll reads workspaces, several at a time. Those that cannot be read are told, by cause.
func (f *Forecast) readAll(ctx context.Context, ids []string) {
	found := make([]*workspace.Copy, len(ids))
	errs := make([]error, len(ids))
	_ = inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		c, err := f.read(ctx, ids[i])
		if err != nil {
			errs[i] = err
			return nil //nolint:nilerr // the others go on
		}
		c.Blocks, c.State = nil, nil // read again when they are wanted: a fleet's are many
		found[i] = &c
		return nil
	})
	failed := 0
	var first error
	for i, id := range ids {
		if found[i] != nil {
			f.copies[id] = found[i]
		} else if errs[i] != nil && !gone(errs[i]) {
			failed++
			first = errs[i]
		}
	}
	if failed > 0 {
		f.g.warn("%d of %d workspaces cannot be read, so it is not told what Terraform would do in them: %v", failed, len(ids), first)
	}
}

// gone reports whether a workspace went while it was read.
func gone(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, zk.ErrNoNode) }
