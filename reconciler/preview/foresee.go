package preview

import (
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// mostPasses bounds the passes. A launcher needs a few; what a mistake in the rules keeps turning is no preview.
const mostPasses = 1000

// Future is what becomes of everything.
type Future struct {
	Nodes    []*Node // those that exist by id, then those to launch in the order of their decision
	Requests []*Request
	Paused   map[desire.PoolKey]bool
	// Unsettled: the decisions went round in circles.
	Unsettled bool
}

// Foresee decides and carries out until nothing is left to decide. What falls due once a minute (ages, lost requests)
// falls due in the first passes.
func Foresee(s Scene) Future {
	st := newStage(s)
	st.v.Due = desire.Due{Ages: true, Lost: true}
	f := Future{Unsettled: true}
	for range mostPasses {
		decisions := desire.Decide(st.v)
		for _, d := range decisions {
			st.act(d)
		}
		if len(decisions) == 0 {
			f.Unsettled = false
			break
		}
	}
	f.Paused = st.paused()
	f.Nodes = st.nodes()
	f.Requests = st.outcomes()
	return f
}

// AsItIs tells of the nodes what they are now; nothing is decided.
func AsItIs(s Scene) Future {
	st := newStage(s)
	return Future{Nodes: st.nodes(), Paused: st.paused()}
}

// paused tells which of the launcher's pools wait for quota.
func (st *stage) paused() map[desire.PoolKey]bool {
	out := map[desire.PoolKey]bool{}
	for key, id := range st.v.Own {
		if p := st.v.Pools[id]; p != nil {
			out[key] = p.Paused
		}
	}
	return out
}

// nodes tells what becomes of every node.
func (st *stage) nodes() []*Node {
	var out []*Node
	for _, id := range slices.Sorted(maps.Keys(st.before)) {
		out = append(out, st.fate(st.before[id]))
	}
	st.pair(out)
	for _, n := range st.launched {
		if _, deleted := st.deleted[n.ID]; !deleted { // else it is launched for a request that gives way to another, and goes again
			out = append(out, n)
		}
	}
	return out
}

// fate is what becomes of a node that exists.
func (st *stage) fate(n *record.Node) *Node {
	out := &Node{ID: n.ID, Provider: n.Provider, Pool: n.Pool, Request: n.AllocatedTo, Tenant: n.TenantName, State: n.State, Action: Keep}
	if len(n.Type) > 0 {
		out.Label = n.Type[0]
	}
	now := st.v.Nodes[n.ID]
	why, deleted := st.deleted[n.ID]
	request, assigned := st.assigned[n.ID]
	switch {
	case deleted:
		out.Action, out.Reason = Delete, why
	case assigned && request != n.AllocatedTo:
		out.Action, out.Request, out.Reason = Assign, request, "ready, and the request takes it"
	case now != nil && now.Foreign && n.State != record.NodeReady:
		out.Reason = "another launcher keeps it"
	default:
		out.Action, out.Reason = rest(n, now)
	}
	return out
}

// rest tells why nothing is done with a node.
func rest(n *record.Node, now *desire.Node) (Action, string) {
	switch n.State {
	case record.NodeReady:
		if n.AllocatedTo != "" {
			return Keep, "ready for its request"
		}
		return Keep, "ready"
	case record.NodeInUse, record.NodeHold:
		return Keep, string(n.State)
	case record.NodeInit, record.NodeBuilding, record.NodeTesting:
		return InProgress, "is being launched"
	case record.NodeUsed:
		if now != nil && !now.Contended {
			return Keep, "used"
		}
		return InProgress, "used, its job still holds it"
	case record.NodeDeleting, record.NodeDeleted:
		return InProgress, "is being deleted"
	}
	if now != nil && now.Contended {
		return InProgress, "in the hands of a launcher"
	}
	return Keep, string(n.State)
}

// pair finds out which nodes that go are replaced: min-ready nodes of the same label take the place of those that grew
// too old or vanished.
func (st *stage) pair(nodes []*Node) {
	fresh := map[string][]*Node{}
	for _, n := range st.launched {
		if st.requests[n.Request] != nil && st.requests[n.Request].Predicted {
			fresh[n.Label] = append(fresh[n.Label], n)
		}
	}
	for _, n := range nodes {
		if n.Action != Delete || n.State != record.NodeReady || len(fresh[n.Label]) == 0 {
			continue
		}
		n.Action, n.ReplacedBy = Replace, fresh[n.Label][0].ID
		fresh[n.Label] = fresh[n.Label][1:]
	}
}

// outcomes tells what becomes of every request.
func (st *stage) outcomes() []*Request {
	out := make([]*Request, 0, len(st.order))
	for _, id := range st.order {
		r := st.requests[id]
		if r.Outcome == "" {
			st.settle(r)
		}
		out = append(out, r)
	}
	return out
}

// settle gives a request its outcome that no decision has given it.
func (st *stage) settle(r *Request) {
	now, h := st.v.Requests[r.ID], st.v.Handlers[r.ID]
	switch {
	case st.inHand[r.ID]:
		r.Outcome, r.Reason = InHand, "a launcher works on it"
	case r.State == record.RequestFulfilled || r.State == record.RequestFailed:
		r.Outcome, r.Reason = Done, string(r.State)
	case h != nil:
		r.Outcome, r.Provider, r.Pool, r.Reason = Waits, h.Provider, h.Pool, "for quota"
	case now != nil && len(now.DeclinedBy) > 0:
		r.Outcome = Declined
	default:
		r.Outcome, r.Reason = Waits, "for another pool, or for its turn"
	}
}
