package workspace

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Copy is a workspace as it was found, to be looked at.
type Copy struct {
	Record    *Record
	Blocks    map[string][]byte // by slot; one whose run was never begun has none
	State     []byte            // the newest whole one, nil for none
	View      execute.StateView // of it
	Providers []string          // those that are configured in it, by local name
	InFlight  string            // kind of the run that is, or may be, under way; "" for none
}

// Vanished lists the nodes of which the state holds less than their launch made.
func (c Copy) Vanished() []string {
	var nodes []string
	for _, name := range c.Record.names() {
		if s := c.Record.Slots[name]; s.vanished(c.View.AtCloud(name)) {
			nodes = append(nodes, s.Node)
		}
	}
	return nodes
}

// ListFolder gives the ids of the workspaces in a state directory, which may be another process's.
func ListFolder(stateDir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(stateDir, "workspaces"))
	var ids []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), gonePrefix) {
			ids = append(ids, e.Name())
		}
	}
	return ids, err
}

// ReadFolder reads a workspace of a state directory without touching it. It is an os.ErrNotExist when it is gone, or not
// there yet.
func ReadFolder(stateDir, id string) (Copy, error) {
	dir := filepath.Join(stateDir, "workspaces", id)
	rec, err := loadRecord(dir)
	if err != nil {
		return Copy{}, err
	}
	c := Copy{Record: rec, Blocks: map[string][]byte{}}
	for _, name := range rec.names() {
		if data, err := readBlock(dir, name); err == nil {
			c.Blocks[name] = data
		} else if !os.IsNotExist(err) {
			return Copy{}, err
		}
	}
	c.State, c.View, _ = execute.NewestState(dir)
	file, err := os.ReadFile(filepath.Join(dir, templates.ProvidersFile))
	if err != nil && !os.IsNotExist(err) {
		return Copy{}, err
	}
	if c.Providers, err = configuredNames(file); err != nil {
		return Copy{}, err
	}
	if job, running := execute.UnderWay(dir); running {
		c.InFlight = string(job.Kind)
	}
	return c, nil
}

// ReadKept reads the copy that a launcher keeps in ZooKeeper, with its state from the backend that it may be in.
func ReadKept(ctx context.Context, r *store.Reader, from Backends, id string) (Copy, error) {
	d, err := r.Get(ctx, id)
	if err == nil {
		d, err = from.load(ctx, id, d)
	}
	if err != nil {
		return Copy{}, err
	}
	rec, err := recordOf(id, d)
	if err != nil {
		return Copy{}, err
	}
	c := Copy{Record: rec, Blocks: map[string][]byte{}, View: execute.StateView{}}
	for _, name := range rec.names() {
		if data, ok := d.Files[name+".tf"]; ok {
			c.Blocks[name] = data
		}
	}
	if state := d.Files[execute.StateFile]; len(state) > 0 {
		if c.View, err = execute.ParseState(state); err != nil {
			return Copy{}, fmt.Errorf("copy of workspace %s: %w", id, err)
		}
		c.State = state
	}
	if names := d.Files[providersName]; len(names) > 0 {
		if err := json.Unmarshal(names, &c.Providers); err != nil {
			return Copy{}, fmt.Errorf("copy of workspace %s: %s: %w", id, providersName, err)
		}
	}
	if d.Run != nil {
		c.InFlight = d.Run.Kind
	}
	return c, nil
}
