package reconciler

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// ForecastOptions say what to look at.
type ForecastOptions struct {
	Config    *config.Config
	Session   *session.Session
	Log       *slog.Logger
	Providers []string // none: all
	// Drift looks for what changed in the cloud instead of for what is to be done.
	Drift bool
	// Words adds Terraform's own text to its plans.
	Words bool
	// Progress is told how many plans of Terraform's are done, may be nil.
	Progress func(done, of int)
	// Dir is an empty folder of the caller's, which may be removed afterwards. It gets files with secrets.
	Dir string
}

// Forecast is what the launcher would do now with a configuration. It takes no lock and writes nothing to ZooKeeper, nor
// to any state.
type Forecast struct {
	o      ForecastOptions
	engine execute.Engine
	bases  *execute.Bases
	g      *glimpse
	store  *store.Reader
	local  bool // the workspaces are in the state directory here
	plan   *preview.Plan
	copies map[string]*workspace.Copy // by id, without blocks and state
	at     map[string]string          // node: workspace of its newest attempt
	taken  map[string]bool            // workspaces of launchers that are gone
	drafts []workspace.Draft
	specs  map[string]*modules.Spec // by base

	plugins *warm.Pool // nil before Terraform is asked
	runs    []lookout
}

// lookout is one run of Terraform that is wanted.
type lookout struct {
	ws    *preview.Workspace
	draft *workspace.Draft // of a new workspace, or
	id    string           // of one that exists
	job   execute.Job
}

// NewForecast reads ZooKeeper and workspaces and decides. Close it.
func NewForecast(ctx context.Context, o ForecastOptions) (*Forecast, error) {
	f := &Forecast{o: o, copies: map[string]*workspace.Copy{}, at: map[string]string{}, taken: map[string]bool{}, specs: map[string]*modules.Spec{}}
	for _, name := range o.Providers {
		if o.Config.Provider(name) == nil {
			return nil, fmt.Errorf("provider %s is not configured in %s; configured: %v", name, o.Config.File, providerNames(o.Config))
		}
	}
	var err error
	if f.engine, err = findEngine(ctx, o.Config.Terraform); err != nil {
		return nil, err
	}
	answers := f.askClouds(ctx, othersTime)
	if f.g, err = look(ctx, o.Session, o.Config, answers, time.Now()); err != nil {
		return nil, fmt.Errorf("read ZooKeeper: %w", err)
	}
	lender := o.Config.Terraform.StateDir
	if _, err := os.ReadDir(filepath.Join(lender, "bases")); err != nil {
		lender = ""
	}
	if f.bases, err = execute.Borrow(f.engine, o.Dir, lender, o.Log); err != nil {
		return nil, err
	}
	if err := f.readWorkspaces(ctx); err != nil {
		f.Close()
		return nil, err
	}
	f.plan = &preview.Plan{Mode: preview.Normal, Config: o.Config.File, Made: f.g.scene.View.Now.UTC().Truncate(time.Second), Launcher: f.g.host}
	if o.Drift {
		f.plan.Mode = preview.RefreshOnly
	}
	foresee := preview.Foresee
	if o.Drift {
		foresee = preview.AsItIs
	}
	future := foresee(f.g.scene)
	if future.Unsettled {
		f.g.warn("the decisions went round in circles and were cut short")
	}
	if err := f.assemble(ctx, future); err != nil {
		f.Close()
		return nil, err
	}
	f.tellUnserved()
	f.plan.Warnings = f.g.warnings
	return f, nil
}

// tellUnserved warns of nodes that nobody would delete with this configuration.
func (f *Forecast) tellUnserved() {
	v := &f.g.scene.View
	_, providers := configured(f.o.Config)
	for _, u := range status.UnservedBy(nodeRecords(v), maps.Values(v.Pools), providers) {
		f.g.warn("%d nodes of provider %s (%d in use) are left alone: neither this configuration nor a running launcher has it, and nobody deletes them. To do: %s", u.Nodes, u.Provider, u.InUse, u.Do())
	}
}

// Close ends what runs in the background.
func (f *Forecast) Close() {
	f.bases.Close()
	if f.plugins != nil {
		f.plugins.Close()
	}
}

// Plan is what was found so far.
func (f *Forecast) Plan() *preview.Plan { return f.plan }

// findEngine is the launcher's Terraform, but that none is installed: one that a launcher installed is used.
func findEngine(ctx context.Context, t config.Terraform) (execute.Engine, error) {
	path := t.ExecPath
	if installed := filepath.Join(t.StateDir, "engine", "terraform"); path == "" && t.Product != "opentofu" {
		if info, err := os.Stat(installed); err == nil && info.Mode().IsRegular() {
			path = installed
		}
	}
	return execute.FindEngine(ctx, execute.EngineOptions{Path: path, Product: t.Product, Constraint: t.Version})
}

// shown reports whether a provider is asked for.
func (f *Forecast) shown(name string) bool {
	return f.o.Config.Provider(name) != nil && (len(f.o.Providers) == 0 || slices.Contains(f.o.Providers, name))
}
