package reconciler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
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
	if f.g, err = look(ctx, o.Session, o.Config, time.Now()); err != nil {
		return nil, fmt.Errorf("read ZooKeeper: %w", err)
	}
	lender := o.Config.Terraform.StateDir
	if _, err := os.ReadDir(filepath.Join(lender, "bases")); err != nil {
		lender = ""
	}
	if f.bases, err = execute.Borrow(f.engine, o.Dir, lender, o.Log); err != nil {
		return nil, err
	}
	f.readWorkspaces(ctx)
	if ctx.Err() != nil {
		f.Close()
		return nil, ctx.Err()
	}
	f.plan = &preview.Plan{Mode: preview.Normal, Config: o.Config.File, Made: f.g.scene.View.Now.UTC().Truncate(time.Second), Launcher: f.g.host}
	if o.Drift {
		f.plan.Mode = preview.RefreshOnly
	}
	future := preview.Foresee(f.g.scene)
	if future.Unsettled {
		f.g.warn("the decisions went round in circles and were cut short")
	}
	f.assemble(ctx, future)
	f.plan.Warnings = f.g.warnings
	return f, nil
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

// readWorkspaces reads those that are the launcher's, or that it would take over.
func (f *Forecast) readWorkspaces(ctx context.Context) {
	g, dir := f.g, f.o.Config.Terraform.StateDir
	data, _ := os.ReadFile(filepath.Join(dir, "id"))
	ids, err := workspace.ListFolder(dir)
	f.local = err == nil && g.stateID != "" && string(data) == g.stateID+"\n"
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
			return nil
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

// shown reports whether a provider is asked for.
func (f *Forecast) shown(name string) bool {
	return f.o.Config.Provider(name) != nil && (len(f.o.Providers) == 0 || slices.Contains(f.o.Providers, name))
}

// assemble puts nodes into workspaces and workspaces under providers.
func (f *Forecast) assemble(ctx context.Context, future preview.Future) {
	providers := map[string]*preview.Provider{}
	for _, p := range f.o.Config.Providers {
		if !f.shown(p.Name) || providers[p.Name] != nil {
			continue
		}
		out := &preview.Provider{Name: p.Name, Static: p.Static()}
		for _, pool := range p.Pools {
			key := desire.PoolKey{Provider: p.Name, Pool: pool.Name}
			shown := preview.Pool{Name: pool.Name, Paused: future.Paused[key]}
			if by := f.g.served[key]; by != nil {
				shown.Launcher = by.Hostname
			}
			out.Pools = append(out.Pools, shown)
		}
		providers[p.Name] = out
		f.plan.Providers = append(f.plan.Providers, out)
	}
	there := map[string]*preview.Workspace{}
	for _, id := range slices.Sorted(maps.Keys(f.copies)) {
		c := f.copies[id]
		if p := providers[c.Record.Provider]; p != nil {
			there[id] = &preview.Workspace{ID: id, InFlight: c.InFlight}
			p.Workspaces = append(p.Workspaces, there[id])
		}
	}
	for _, n := range future.Nodes {
		switch p := providers[n.Provider]; {
		case p == nil || n.Action == preview.Launch:
		case there[f.at[n.ID]] != nil:
			ws := there[f.at[n.ID]]
			ws.Nodes = append(ws.Nodes, n)
		default:
			if p.Static && n.Action == preview.Delete {
				n.Reason += "; its machine is registered anew"
			}
			p.Elsewhere = append(p.Elsewhere, n)
		}
	}
	if f.o.Drift {
		f.wantRefreshes(there)
		return
	}
	f.plan.Requests = future.Requests
	f.orphans(there)
	f.wantDestroys(there)
	f.launches(ctx, future.Nodes, providers)
}

// orphans are the nodes in workspaces that have no record: what is left of them is destroyed, a minute after that was
// seen first.
func (f *Forecast) orphans(there map[string]*preview.Workspace) {
	for _, id := range slices.Sorted(maps.Keys(there)) {
		seen := map[string]bool{}
		for _, s := range f.copies[id].Record.Slots {
			if f.g.scene.View.Nodes[s.Node] != nil || seen[s.Node] || there[id].InFlight != "" {
				continue
			}
			seen[s.Node] = true
			there[id].Nodes = append(there[id].Nodes, &preview.Node{ID: s.Node, Action: preview.Delete, Provider: f.copies[id].Record.Provider, Pool: s.Pool, Label: s.Label, Request: s.Request, Reason: "it has no record in ZooKeeper"})
		}
	}
}

func (f *Forecast) wantDestroys(there map[string]*preview.Workspace) {
	doomed := map[string]map[string]bool{} // by workspace
	for _, ws := range there {
		for _, n := range ws.Nodes {
			if n.Action != preview.Delete && n.Action != preview.Replace {
				continue
			}
			for id, c := range f.copies { // earlier attempts may be elsewhere
				if newestAttempt(c, n.ID) == 0 {
					continue
				}
				if doomed[id] == nil {
					doomed[id] = map[string]bool{}
				}
				doomed[id][n.ID] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(doomed)) {
		if ws := there[id]; ws != nil && ws.InFlight == "" {
			f.runs = append(f.runs, lookout{ws: ws, id: id, job: f.copies[id].Destruction(doomed[id])})
		}
	}
}

func (f *Forecast) wantRefreshes(there map[string]*preview.Workspace) {
	for _, id := range slices.Sorted(maps.Keys(there)) {
		if f.copies[id].InFlight == "" {
			f.runs = append(f.runs, lookout{ws: there[id], id: id, job: execute.Job{Kind: execute.Refresh}})
		}
	}
}

// launches renders what is to be launched into workspaces, as the launcher does.
func (f *Forecast) launches(ctx context.Context, nodes []*preview.Node, providers map[string]*preview.Provider) {
	byID := map[string]*preview.Node{}
	var orders []workspace.Order
	for _, n := range nodes {
		if n.Action != preview.Launch || providers[n.Provider] == nil {
			continue
		}
		byID[n.ID] = n
		label := f.o.Config.Provider(n.Provider).Pool(n.Pool).Labels[n.Label]
		orders = append(orders, trial{
			node:    &record.Node{ID: n.ID, Provider: n.Provider, Pool: n.Pool, TenantName: n.Tenant},
			request: n.Request, label: label, attempt: 1, image: f.g.images.of(label).id, relative: n.RelativePriority,
		}.order(f.g.stateID))
	}
	f.drafts = workspace.Sketch(orders, f.engine.Product, func(spec *modules.Spec) (*execute.Base, error) {
		base, err := f.bases.Outline(ctx, spec)
		if err == nil {
			f.specs[base.Name] = spec
		}
		return base, err
	})
	for i := range f.drafts {
		d := &f.drafts[i]
		for _, out := range d.Failed {
			p := providers[out.Provider]
			p.Workspaces = append(p.Workspaces, &preview.Workspace{ID: "none", New: true, Nodes: []*preview.Node{byID[out.Node]}, Problem: out.Err.Error()})
		}
		if d.Record == nil {
			continue
		}
		ws := &preview.Workspace{ID: d.Record.ID, New: true}
		for _, slot := range d.Job.Slots {
			ws.Nodes = append(ws.Nodes, byID[d.Record.Slots[slot].Node])
		}
		p := providers[d.Record.Provider]
		p.Workspaces = append(p.Workspaces, ws)
		f.runs = append(f.runs, lookout{ws: ws, draft: d, job: d.Job})
	}
}
