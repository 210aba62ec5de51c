package reconciler

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
)

// AskTerraform has Terraform plan what was found, as many plans at a time as there are processors: that bounds the
// memory, and a plan keeps one busy. What it says is added to the plan; the only error is that it was interrupted, or
// that Terraform cannot be run at all.
func (f *Forecast) AskTerraform(ctx context.Context) error {
	if len(f.runs) == 0 {
		return nil
	}
	looker, err := execute.NewLooker(f.engine, f.o.Drift, f.o.Words)
	if err != nil {
		return err
	}
	f.plugins, err = warm.Open(warm.Options{Dir: f.o.Dir, Env: execute.Environ(), Log: f.o.Log, Off: !f.o.Config.Terraform.WarmPlugins, Tied: true})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	done := 0
	for _, r := range f.runs {
		g.Go(func() error {
			out, err := f.foretell(ctx, looker, r)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.ws.Problem = err.Error()
			} else {
				r.ws.Runs = append(r.ws.Runs, out)
			}
			if done++; f.o.Progress != nil {
				f.o.Progress(done, len(f.runs))
			}
			return nil
		})
	}
	return g.Wait()
}

// foretell makes a folder for one run, has Terraform plan it, and removes the folder.
func (f *Forecast) foretell(ctx context.Context, looker *execute.Looker, r lookout) (*preview.Run, error) {
	dir := filepath.Join(f.o.Dir, "workspaces", r.ws.ID)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	nodes := map[string]string{} // by slot
	var record *workspace.Record
	if r.draft != nil {
		record = r.draft.Record
		if err := f.furnish(ctx, r.draft); err != nil {
			return nil, err
		}
		if err := r.draft.Write(dir); err != nil {
			return nil, err
		}
	} else {
		c, err := f.read(ctx, r.id)
		if err != nil {
			return nil, err
		}
		record = c.Record
		if err := f.replicate(ctx, c, dir, r.job.Slots); err != nil {
			return nil, err
		}
	}
	for name, s := range record.Slots {
		nodes[name] = s.Node
	}
	lease := f.plugins.Lease(ctx, record.Base, dir)
	defer lease.Release()
	r.job.Plugins = lease.Plugins
	said, err := looker.Plan(ctx, dir, r.job)
	if err != nil {
		return nil, err
	}
	return retell(r.job.Kind, said, nodes), nil
}

// furnish initialises a draft's module, where nobody has.
func (f *Forecast) furnish(ctx context.Context, d *workspace.Draft) error {
	spec := f.specs[d.Base.Name]
	base, err := f.bases.Get(ctx, spec)
	if err == nil {
		d.Base = base
	}
	return err
}

// replicate writes a copy into a folder in which Terraform can look.
func (f *Forecast) replicate(ctx context.Context, c workspace.Copy, dir string, slots []string) error {
	base, err := f.bases.Import(ctx, c.Record.Base, func(kind, name string) ([]byte, error) { return f.store.GetBlob(ctx, kind, name) })
	if err != nil {
		return fmt.Errorf("what workspace %s was initialised from: %w", c.Record.ID, err)
	}
	return c.Write(dir, base, slots, providerConfig(f.o.Config.Provider(c.Record.Provider)))
}

// retell puts what Terraform said into the plan's words.
func retell(kind execute.Kind, said execute.Forecast, nodes map[string]string) *preview.Run {
	out := &preview.Run{Kind: string(kind), Add: said.Add, Change: said.Change, Remove: said.Remove, Text: said.Text}
	events := said.Planned
	if kind == execute.Refresh {
		out.Kind, events = string(preview.RefreshOnly), said.Drift
	}
	for _, e := range events {
		switch e.Action {
		case "create", "update", "delete", "replace":
			out.Changes = append(out.Changes, preview.Change{Node: nodes[e.Slot()], Address: e.Address, Action: e.Action, Drift: kind == execute.Refresh})
		}
	}
	for _, d := range said.Diagnostics {
		out.Diagnostics = append(out.Diagnostics, preview.Diagnostic{Severity: d.Severity, Text: d.Text()})
	}
	return out
}
