package reconciler

import (
	"context"
	"net/url"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
)

// staticPath has a lock for each static provider.
const staticPath = "/nodepool-tf/static"

// machines is what this launcher knows of one static provider.
//
// One launcher at a time looks after a provider's machines: the one that holds the lock staticPath/<provider>, for as
// long as its session lives. Others of the same provider hand out and delete nodes as ever, for which the node's own
// lock is enough, and wait. Each record is created in one transaction with a check of that lock, and whoever gets it
// next first reads the records that it has not seen (see catchUp). So no slot is registered twice. A lock taken for each
// registration would need that read each time.
//
// Upstream has no lock between launchers: what two of them registered, the next sync of one deregisters, if nobody uses
// it by then. A Python launcher of the same provider beside us knows nothing of ours: a slot may be READY twice for a
// moment, and the plan then deregisters the younger.
type machines struct {
	provider *config.Provider // as last looked at
	ctx      context.Context
	leave    context.CancelFunc
	lock     *lock.Lock // nil while somebody else has it
	// complete is set while the view has every record that was created under the lock; unclear counts the creations of
	// which that is not known.
	complete bool
	unclear  int
	looks    map[config.MachineID]static.Look
	creating map[static.Slot]bool
}

// glanceEvery is how often the machines are looked over though nothing is known to have changed: what could not be done
// is tried again. For 10,000 static nodes it takes 10 ms.
const glanceEvery = 5 * time.Second

func (lp *loop) glanceMachines() {
	if now := time.Now(); now.Sub(lp.glanced) >= glanceEvery {
		lp.machinesDue, lp.glanced = true, now
	}
}

// tendMachines brings the nodes of static providers in line with their machines: at once after one of them changed.
func (lp *loop) tendMachines() {
	if !lp.machinesDue || lp.view.Draining {
		return
	}
	lp.machinesDue = false
	lp.chooseMachines()
	var records map[string][]static.Node
	for name, m := range lp.machines {
		if m.lock == nil || !m.complete {
			continue
		}
		if records == nil {
			records = lp.staticRecords()
		}
		lp.tend(m, records[name])
	}
}

// chooseMachines begins to look after providers that were configured, and leaves those that are not any more.
func (lp *loop) chooseMachines() {
	for name, m := range lp.machines {
		if p := lp.cfg.Provider(name); p == nil || !p.Static() {
			lp.leaveMachines(m)
			delete(lp.machines, name)
		}
	}
	for _, p := range lp.cfg.Providers {
		if !p.Static() || lp.cfg.Provider(p.Name) != p {
			continue
		}
		m := lp.machines[p.Name]
		if m == nil {
			m = &machines{creating: map[static.Slot]bool{}}
			m.ctx, m.leave = context.WithCancel(lp.ctx)
			lp.machines[p.Name] = m
			lp.lookAfter(m, staticPath+"/"+url.PathEscape(p.Name))
		}
		if m.provider != p {
			m.configured(p)
		}
	}
}

// configured has all machines looked at: what is known of them was asked with another configuration.
func (m *machines) configured(p *config.Provider) {
	before := m.looks
	m.provider, m.looks = p, map[config.MachineID]static.Look{}
	for _, pool := range p.Pools {
		for _, n := range pool.StaticNodes {
			m.looks[n.ID()] = static.Look{Wanted: true, Running: before[n.ID()].Running}
		}
	}
}

// staticRecords gives the records of static providers. It costs a look at each node of the fleet, as a pass does.
func (lp *loop) staticRecords() map[string][]static.Node {
	out := map[string][]static.Node{}
	now := time.Now()
	for _, n := range lp.view.Nodes {
		if lp.machines[n.Provider] != nil {
			free := !n.Busy && !n.Held && !n.Foreign && !n.Contended && !now.Before(n.NotBefore)
			out[n.Provider] = append(out[n.Provider], static.Node{Node: n.Node, Free: free})
		}
	}
	return out
}

// tend carries out one plan.
func (lp *loop) tend(m *machines, nodes []static.Node) {
	plan := static.Plan(&static.World{Now: time.Now(), Provider: m.provider, Nodes: nodes, Looks: m.looks, Creating: m.creating})
	for id, look := range m.looks {
		if look.Done {
			m.looks[id] = static.Look{Wanted: look.Wanted, NotBefore: look.NotBefore}
		}
	}
	for _, a := range plan {
		switch a := a.(type) {
		case static.Probe:
			lp.probe(m, a.Machine)
		case static.Register:
			lp.registerNode(m, a)
		case static.Rewrite:
			lp.rewriteNode(a)
		case static.Again:
			look := m.looks[a.Machine.ID()]
			look.Wanted = true
			m.looks[a.Machine.ID()] = look
		case static.Deregister:
			lp.delete(desire.Delete{Node: a.Node, Reason: a.Reason})
		}
	}
}
