package preview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// act carries a decision out at once, with the success that the preview assumes.
func (st *stage) act(d desire.Decision) {
	switch d := d.(type) {
	case desire.Accept:
		st.accept(d)
	case desire.Fill:
		h := st.v.Handlers[d.Request]
		h.Paused = d.Pause
		st.allocate(h, d.Allocs)
	case desire.Fulfil:
		st.fulfil(d)
	case desire.Decline:
		st.decline(d.Request, d.PoolKey, d.Reasons)
	case desire.GiveUp:
		h := st.letGo(d.Request)
		st.decline(d.Request, desire.PoolKey{Provider: h.Provider, Pool: h.Pool}, d.Reasons)
	case desire.Yield:
		st.letGo(d.Request)
		st.v.Requests[d.Request].State = record.RequestRequested
	case desire.Abandon:
		st.letGo(d.Request)
	case desire.DropAborted:
		h := st.v.Handlers[d.Request]
		h.Paused = true
		h.Nodes = slices.DeleteFunc(h.Nodes, func(n desire.HandlerNode) bool { return slices.Contains(d.Nodes, n.ID) })
		st.unlock(d.Nodes)
	case desire.Resume:
		st.resume(d)
	case desire.Reset:
		st.reset(d.Request)
	case desire.Delete:
		st.deleted[d.Node] = d.Reason
		delete(st.v.Nodes, d.Node)
	case desire.Husk:
		st.deleted[d.Node] = "only its lock is left of it"
		delete(st.v.Nodes, d.Node)
	case desire.Deallocate:
		st.v.Nodes[d.Node].AllocatedTo = ""
	case desire.SetPaused:
		st.setPaused(d)
	case desire.AskMinReady:
		st.askMinReady(d)
	case desire.EndMinReady:
		st.endMinReady(d.Request)
	default:
		panic(fmt.Sprintf("a decision of type %T is carried out by nobody", d)) // a test has them all
	}
}

func (st *stage) accept(d desire.Accept) {
	st.v.Requests[d.Request].State = record.RequestPending
	h := &desire.Handler{Request: d.Request, Provider: d.Provider, Pool: d.Pool, Paused: d.Pause}
	st.v.Handlers[d.Request] = h
	st.allocate(h, d.Allocs)
}

// allocate fills labels of a request: ready nodes are its own at once, and new ones ready.
func (st *stage) allocate(h *desire.Handler, allocs []desire.Alloc) {
	for _, a := range allocs {
		id := a.Reuse
		if id == "" {
			id = st.launch(h, a.Label)
		} else {
			n := st.v.Nodes[id]
			n.AllocatedTo, n.Held = h.Request, true
			if h.Zone == "" {
				h.Zone = a.Zone
			}
		}
		h.Nodes = append(h.Nodes, desire.HandlerNode{Key: len(h.Nodes) + 1, Label: a.Label, ID: id, Status: desire.Ready})
	}
}

// launch makes a node.
func (st *stage) launch(h *desire.Handler, label string) (id string) {
	id = sequence(st.next)
	st.next++
	r := st.v.Requests[h.Request]
	l := st.v.Config.Provider(h.Provider).Pool(h.Pool).Labels[label]
	n := &record.Node{
		ID: id, Provider: h.Provider, Pool: h.Pool, Type: []string{label}, AllocatedTo: h.Request, TenantName: r.TenantName,
		State: record.NodeReady, StateTime: record.Now(st.v.Now), Resources: st.v.Resources(l), AZ: h.Zone,
	}
	st.v.Nodes[id] = &desire.Node{Node: n, Held: true}
	why := "request " + h.Request
	if st.requests[h.Request].Predicted {
		why = "min-ready of label " + label
	}
	launched := &Node{
		ID: id, Predicted: true, Action: Launch, Provider: h.Provider, Pool: h.Pool, Label: label, Request: h.Request, Tenant: r.TenantName,
		Reason: why, RelativePriority: r.RelativePriority,
	}
	if l.Backing != nil {
		launched.Reason += "; it gets a slot of a node with label " + l.Backing.Label
	} else {
		launched.Module = modules.Public(l.Spec.Module.Source)
	}
	st.launched = append(st.launched, launched)
	return id
}

func (st *stage) fulfil(d desire.Fulfil) {
	h := st.v.Handlers[d.Request]
	r := st.v.Requests[d.Request]
	r.State, r.Nodes = record.RequestFulfilled, d.Nodes
	out := st.requests[d.Request]
	out.Outcome, out.Provider, out.Pool, out.Nodes = Served, h.Provider, h.Pool, d.Nodes
	for _, id := range d.Nodes {
		if n := st.before[id]; n != nil && n.AllocatedTo != d.Request {
			st.assigned[id] = d.Request
		}
	}
	st.unlock(d.Nodes)
	delete(st.v.Handlers, d.Request)
}

// decline refuses a request as a launcher does.
func (st *stage) decline(id string, key desire.PoolKey, reasons []string) {
	ids := make([]string, 0, len(st.v.Pools))
	for id := range st.v.Pools {
		ids = append(ids, id)
	}
	r := st.v.Requests[id]
	desire.Refuse(r.Request, st.v.Own[key], ids, st.v.Now)
	out := st.requests[id]
	out.Reason = key.Provider + "/" + key.Pool + ": " + strings.Join(reasons, "; ")
	if r.State == record.RequestFailed {
		out.Outcome = Failed
	}
}

// letGo ends a handler that does not hand over its nodes.
func (st *stage) letGo(request string) *desire.Handler {
	h := st.v.Handlers[request]
	delete(st.v.Handlers, request)
	for _, hn := range h.Nodes {
		if n := st.v.Nodes[hn.ID]; n != nil {
			n.Held = false
			if n.State == record.NodeReady {
				n.AllocatedTo = ""
			}
		}
	}
	return h
}

func (st *stage) unlock(nodes []string) {
	for _, id := range nodes {
		if n := st.v.Nodes[id]; n != nil {
			n.Held = false
		}
	}
}

// resume takes up a request with the nodes it has; what was being launched becomes ready.
func (st *stage) resume(d desire.Resume) {
	h := &desire.Handler{Request: d.Request, Provider: d.Provider, Pool: d.Pool}
	st.v.Handlers[d.Request] = h
	for _, id := range d.Nodes {
		n := st.v.Nodes[id]
		n.Held = true
		hn := desire.HandlerNode{Key: len(h.Nodes) + 1, Label: n.Type[0], ID: id, Status: desire.Ready}
		if n.State == record.NodeFailed {
			hn.Status, hn.Reason = desire.Failed, "its launch failed before the launcher was restarted"
		} else {
			n.State = record.NodeReady
		}
		h.Nodes = append(h.Nodes, hn)
	}
}

// reset puts a lost request back, and frees what it had.
func (st *stage) reset(id string) {
	st.v.Requests[id].State = record.RequestRequested
	for _, n := range st.v.Nodes {
		if n.AllocatedTo == id && !n.Contended && !n.Held {
			n.AllocatedTo = ""
			if n.State == record.NodeInit {
				n.State = record.NodeDeleting
			}
		}
	}
}

func (st *stage) setPaused(d desire.SetPaused) {
	id := st.v.Own[d.PoolKey]
	if p := st.v.Pools[id]; p != nil {
		changed := *p
		changed.Paused = d.Paused
		st.v.Pools[id] = &changed
	}
}

// minReadyBackoff is longer than a preview: what a launcher tries again later is not tried again here.
const minReadyBackoff = time.Minute

func (st *stage) askMinReady(d desire.AskMinReady) {
	for range d.Count {
		id := desire.MinReadyPrefix + sequence(st.asked)
		st.asked++
		r := desire.MinReadyRequest(d.Label)
		r.ID = id
		st.v.Requests[id] = &desire.Request{Request: r}
		st.v.MinReady[id] = d.Label
		st.meet(id, "")
	}
}

func (st *stage) endMinReady(id string) {
	r := st.v.Requests[id]
	if r.State == record.RequestFailed {
		st.v.MinReadyAfter[st.v.MinReady[id]] = st.v.Now.Add(minReadyBackoff)
	}
	for _, node := range r.Nodes {
		if n := st.v.Nodes[node]; n != nil && n.AllocatedTo == id {
			n.AllocatedTo = ""
		}
	}
	delete(st.v.Requests, id)
	delete(st.v.MinReady, id)
}
