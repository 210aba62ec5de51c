package reconciler

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// frame makes the providers that are asked for, by name.
func (f *Forecast) frame(future preview.Future) map[string]*preview.Provider {
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
	return providers
}

// assemble puts nodes into workspaces and workspaces under providers, and finds out which runs of Terraform are wanted.
func (f *Forecast) assemble(ctx context.Context, future preview.Future) error {
	providers := f.frame(future)
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
		return nil
	}
	f.plan.Requests = future.Requests
	if err := f.orphans(ctx, there); err != nil {
		return err
	}
	f.wantDestroys(there)
	f.launches(ctx, future.Nodes, providers)
	return nil
}

// orphans are the nodes in workspaces that have no record: what is left of them is destroyed, a minute after that was
// seen first. Nodes were read before the workspaces, so those that were launched in between are only new, and those whose
// record cannot be read have one: ZooKeeper is asked again, as the launcher does, once for each candidate.
func (f *Forecast) orphans(ctx context.Context, there map[string]*preview.Workspace) error {
	type candidate struct {
		workspace string
		node      *preview.Node
		recorded  bool
	}
	var all []*candidate
	for _, id := range slices.Sorted(maps.Keys(there)) {
		seen := map[string]bool{}
		for _, s := range f.copies[id].Record.Slots {
			if f.g.scene.View.Nodes[s.Node] != nil || seen[s.Node] || there[id].InFlight != "" {
				continue
			}
			seen[s.Node] = true
			all = append(all, &candidate{workspace: id, node: &preview.Node{ID: s.Node, Action: preview.Delete, Provider: f.copies[id].Record.Provider, Pool: s.Pool, Label: s.Label, Request: s.Request, Reason: "it has no record in ZooKeeper"}})
		}
	}
	err := inParallel(ctx, len(all), func(ctx context.Context, i int) (err error) {
		all[i].recorded, _, err = f.o.Session.Exists(ctx, nodePath(all[i].node.ID))
		return err
	})
	if err != nil {
		return fmt.Errorf("look for the records of nodes in workspaces: %w", err)
	}
	for _, c := range all {
		if !c.recorded {
			there[c.workspace].Nodes = append(there[c.workspace].Nodes, c.node)
		}
	}
	return nil
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
		label := f.o.Config.Provider(n.Provider).Pool(n.Pool).Labels[n.Label]
		if label.Backing != nil {
			p := providers[n.Provider]
			p.Elsewhere = append(p.Elsewhere, n)
			continue
		}
		byID[n.ID] = n
		t := trial{
			node:    &record.Node{ID: n.ID, Provider: n.Provider, Pool: n.Pool, TenantName: n.Tenant},
			request: n.Request, label: label, attempt: 1, image: f.g.images.of(label).id, relative: n.RelativePriority,
		}
		if r := f.g.scene.View.Requests[n.Request]; r != nil {
			t.dynamic, _ = dynamic(label.Spec.Dynamic, r.Request)
		}
		if zones := f.g.clouds.zones(label.Pool); len(zones) > 0 {
			t.zone = zones[0] // the launcher picks any
		}
		f.g.clouds.lookUp(&t)
		orders = append(orders, t.order(f.g.stateID))
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
