package desire

import (
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// A static pool launches nothing: it hands out READY nodes or leaves the request alone, and never pauses (4.7, 4.11).

// Why a static pool refuses.
const (
	staticNeverLaunches = "it wants fresh nodes, and static nodes are never launched"
	staticTooFew        = " is wanted more often than the machines of the pool have it"
)

// staticFill finds READY nodes of a static pool for labels, or none: half of what is wanted would be held back from
// others until the rest comes. A node often has several labels, so that the longest waiting one for each label in turn
// could leave nothing for the next; as in Kuhn's matching, earlier choices give way.
func (p *pass) staticFill(pool *config.Pool, labels []string) (allocs []Alloc, ok bool) {
	m := matching{pass: p, pool: pool, labels: labels, taken: map[*Node]int{}}
	for i := range labels {
		if !m.serve(i, map[*Node]bool{}) {
			return nil, false
		}
	}
	allocs = make([]Alloc, len(labels))
	for n, i := range m.taken {
		p.reused[n.ID] = true
		allocs[i] = Alloc{Label: labels[i], Reuse: n.ID, Zone: n.AZ}
	}
	return allocs, true
}

// matching gives nodes to the labels of one request.
type matching struct {
	*pass
	pool   *config.Pool
	labels []string
	taken  map[*Node]int // by which label, as an index
}

// serve finds a node for a label, if need be by giving another one to the label that has it. tried are nodes that this
// did not free.
func (m *matching) serve(i int, tried map[*Node]bool) bool {
	var others []*Node
	for _, n := range m.spareNodes(m.pool, m.labels[i]) {
		if m.reused[n.ID] || tried[n] || !m.described(m.pool, n) {
			continue
		}
		if _, has := m.taken[n]; !has {
			m.taken[n] = i
			return true
		}
		others = append(others, n)
	}
	for _, n := range others {
		if !tried[n] {
			tried[n] = true
			if m.serve(m.taken[n], tried) {
				m.taken[n] = i
				return true
			}
		}
	}
	return false
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
	return ""
}
