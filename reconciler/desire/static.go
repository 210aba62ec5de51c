package desire

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// A static pool launches nothing: it hands out READY nodes or leaves the request alone, and never pauses (4.7, 4.11).

// Why a static pool refuses.
const (
	staticNeverLaunches = "it wants fresh nodes, and static nodes are never launched"
	staticTooFew        = " is wanted more often than the machines of the pool have it"
	staticNotTogether   = "the machines of the pool are too few for its labels together"
)

// staticFill finds READY nodes of a static pool for labels, or none: half of what is wanted would be held back from
// others until the rest comes.
func (p *pass) staticFill(pool *config.Pool, labels []string) (allocs []Alloc, ok bool) {
	nodes, ok := match(labels, func(label string) (free []*Node) {
		for _, n := range p.spareNodes(pool, label) {
			if len(free) == len(labels) {
				break // with so many the label finds one, whatever the others take
			}
			if !p.reused[n.ID] && p.described(pool, n) {
				free = append(free, n)
			}
		}
		return free
	})
	if !ok {
		return nil, false
	}
	for i, n := range nodes {
		p.reused[n.ID] = true
		allocs = append(allocs, Alloc{Label: labels[i], Reuse: n.ID, Zone: n.AZ})
	}
	return allocs, true
}

// described reports whether a node is as its machine is configured. One that is not waits for its record to be
// rewritten, or deleted.
func (p *pass) described(pool *config.Pool, n *Node) bool {
	key := keyOf(pool)
	if p.machines[key] == nil {
		if p.machines == nil {
			p.machines = map[PoolKey]map[config.MachineID]*config.StaticNode{}
		}
		p.machines[key] = map[config.MachineID]*config.StaticNode{}
		for _, m := range pool.StaticNodes {
			p.machines[key][m.ID()] = m
		}
	}
	m := p.machines[key][static.IDOf(n.Node)]
	return m != nil && static.Current(n.Node, m)
}

// staticNeverFits names a reason why a static pool can never serve a request, "" when there is none.
func staticNeverFits(pool *config.Pool, r *record.Request) string {
	if !r.Reuse {
		return staticNeverLaunches
	}
	want := map[string]int{}
	for _, l := range r.NodeTypes {
		if want[l]++; want[l] > pool.Labels[l].Slots {
			return "label " + quote(l) + staticTooFew
		}
	}
	if len(want) > 1 && !enoughSlots(pool, r.NodeTypes) {
		return staticNotTogether
	}
	return ""
}

// enoughSlots reports whether a pool with all machines free could serve labels together.
func enoughSlots(pool *config.Pool, labels []string) bool {
	_, ok := match(labels, func(label string) (slots []static.Slot) {
		for _, m := range pool.StaticNodes {
			if slices.Contains(m.Labels, label) {
				for i := range min(m.MaxParallelJobs, len(labels)) {
					slots = append(slots, static.Slot{Machine: m.ID(), Slot: i})
				}
			}
			if len(slots) >= len(labels) {
				return slots
			}
		}
		return slots
	})
	return ok
}
