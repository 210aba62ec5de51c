package preview

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Scene is what a preview begins with.
type Scene struct {
	// View is what a launcher sees. Foresee works on a copy of its requests, nodes and handlers.
	View desire.View
	// InHand are the requests that a launcher works on.
	InHand map[string]bool
	// NextNode and NextRequest are the sequence numbers that ZooKeeper gives next.
	NextNode, NextRequest int64
}

// stage is the scene while the decisions are carried out.
type stage struct {
	v           *desire.View
	next, asked int64 // sequence numbers
	before      map[string]*record.Node
	inHand      map[string]bool
	launched    []*Node           // in the order of their decision
	deleted     map[string]string // node: reason
	assigned    map[string]string // node: request
	requests    map[string]*Request
	order       []string // requests that were met, new ones as they come
}

func newStage(s Scene) *stage {
	v := s.View
	v.Requests, v.Nodes, v.Handlers = maps.Clone(v.Requests), maps.Clone(v.Nodes), maps.Clone(v.Handlers)
	v.Pools, v.MinReady, v.MinReadyAfter = maps.Clone(v.Pools), maps.Clone(v.MinReady), maps.Clone(v.MinReadyAfter)
	st := &stage{
		v: &v, next: s.NextNode, asked: s.NextRequest, inHand: s.InHand, before: map[string]*record.Node{},
		deleted: map[string]string{}, assigned: map[string]string{}, requests: map[string]*Request{},
	}
	for id, r := range v.Requests {
		c := *r
		c.Request = r.Clone()
		v.Requests[id] = &c
	}
	for id, n := range v.Nodes {
		st.before[id] = n.Node
		c := *n
		c.Node = n.Clone()
		v.Nodes[id] = &c
	}
	for id, h := range v.Handlers {
		c := *h
		c.Nodes = slices.Clone(h.Nodes)
		v.Handlers[id] = &c
	}
	for _, id := range slices.Sorted(maps.Keys(v.Requests)) {
		st.meet(id, v.Requests[id].State)
	}
	return st
}

// meet notes a request.
func (st *stage) meet(id string, was record.RequestState) {
	r := st.v.Requests[id]
	st.requests[id] = &Request{ID: id, Labels: r.NodeTypes, Tenant: r.TenantName, State: was, Predicted: was == ""}
	st.order = append(st.order, id)
}

// sequence is how ZooKeeper writes a sequence number.
func sequence(n int64) string { return fmt.Sprintf("%010d", n) }
