package desire

import (
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// act begins what was decided, in the way package reconciler does: some of it shows at once, the rest later.
func (l *life) act(d Decision) {
	v := l.v
	switch d := d.(type) {
	case Accept:
		r := v.Requests[d.Request]
		h := &Handler{Request: d.Request, Provider: d.Provider, Pool: d.Pool, Paused: d.Pause, Busy: true}
		r.Busy, v.Handlers[d.Request] = true, h
		begin := l.allocate(h, d.Allocs)
		l.later(func() {
			r.Busy, h.Busy = false, false
			if v.Requests[d.Request] != r {
				l.unlock(h)
				for _, a := range d.Allocs {
					if a.Reuse != "" {
						v.Nodes[a.Reuse].Busy = false
					}
				}
				return
			}
			r.State = record.RequestPending
			begin()
		})
	case Decline:
		r := v.Requests[d.Request]
		r.Busy = true
		l.later(func() { r.Busy = false; l.refuse(r, d.PoolKey) })
	case Fill:
		h := v.Handlers[d.Request]
		h.Paused = d.Pause
		l.allocate(h, d.Allocs)()
	case GiveUp:
		h := v.Handlers[d.Request]
		l.letGo(h, func(r *Request) { l.refuse(r, PoolKey{h.Provider, h.Pool}) })
	case Yield:
		l.letGo(v.Handlers[d.Request], func(r *Request) { r.State = record.RequestRequested })
	case Abandon:
		l.letGo(v.Handlers[d.Request], func(*Request) {})
	case DropAborted:
		h := v.Handlers[d.Request]
		h.Paused = true
		for _, id := range d.Nodes {
			l.forget(h, id)
		}
	case Fulfil:
		h := v.Handlers[d.Request]
		h.Busy = true
		l.later(func() {
			h.Busy = false
			if r := v.Requests[d.Request]; r != nil {
				r.State, r.Nodes = record.RequestFulfilled, d.Nodes
				l.unlock(h)
			}
		})
	case Resume:
		r := v.Requests[d.Request]
		r.Busy = true
		for _, id := range d.Nodes {
			v.Nodes[id].Busy = true
		}
		l.later(func() { r.Busy = false; l.resume(d) })
	case Reset:
		r := v.Requests[d.Request]
		r.Busy = true
		l.later(func() {
			r.Busy, r.State = false, record.RequestRequested
			for _, id := range d.Nodes {
				if n := v.Nodes[id]; n != nil && n.AllocatedTo == d.Request && !n.Held && !n.Busy && !n.Contended {
					n.AllocatedTo = ""
					if n.State == record.NodeInit {
						n.State = record.NodeDeleting
					}
				}
			}
		})
	case Delete:
		n := v.Nodes[d.Node]
		n.Busy = true
		l.later(func() {
			if n.State == record.NodeUsed {
				l.v.Setbacks.Freed(n.Provider, v.Now)
			}
			n.State, n.Held, n.StateTime = record.NodeDeleting, true, record.Now(v.Now)
			l.later(func() { delete(v.Nodes, d.Node) })
		})
	case Deallocate:
		n := v.Nodes[d.Node]
		n.Busy = true
		l.later(func() { n.Busy, n.AllocatedTo = false, "" })
	case SetPaused:
		l.later(func() {
			if p := v.Pools[v.Own[d.PoolKey]]; p != nil {
				p.Paused = d.Paused
			}
		})
	case AskMinReady:
		if l.calm {
			return
		}
		v.MinReadyAfter[d.Label] = v.Now.Add(5 * time.Second)
		for range d.Count {
			id := l.id(MinReadyPrefix)
			req(id, d.Label, minReady)(v)
			v.MinReady[id] = d.Label
		}
	case EndMinReady:
		r := v.Requests[d.Request]
		r.Busy = true
		v.MinReadyAfter[v.MinReady[d.Request]] = v.Now.Add(5 * time.Second)
		l.later(func() {
			delete(v.Requests, d.Request)
			delete(v.MinReady, d.Request)
		})
	default:
		l.Fatalf("unexpected decision %s", show(d))
	}
}

func (l *life) refuse(r *Request, key PoolKey) {
	r.DeclinedBy = append(r.DeclinedBy, l.v.Own[key])
	r.State = record.RequestFailed
	for id := range l.v.Pools {
		if !slices.Contains(r.DeclinedBy, id) {
			r.State = record.RequestRequested
		}
	}
}

// allocate speaks for nodes at once; begin gets them.
func (l *life) allocate(h *Handler, allocs []Alloc) (begin func()) {
	var steps []func()
	for _, a := range allocs {
		l.serial++
		key := l.serial
		at := func() *HandlerNode {
			for i := range h.Nodes {
				if h.Nodes[i].Key == key {
					return &h.Nodes[i]
				}
			}
			return nil
		}
		h.Nodes = append(h.Nodes, HandlerNode{Key: key, Label: a.Label, ID: a.Reuse, Status: Launching})
		if a.Reuse == "" {
			at().Began = l.v.Now
			steps = append(steps, func() { l.create(h, at, a.Label) })
			continue
		}
		n := l.v.Nodes[a.Reuse]
		n.Busy = true
		steps = append(steps, func() {
			n.Busy = false
			if n.Launcher == static.Launcher && !l.calm && l.chance(10, "machine is dead") {
				n.State = record.NodeDeleting
			}
			if n.State != record.NodeReady || n.AllocatedTo != "" || !l.calm && l.chance(20, "locked") {
				n.NotBefore = l.v.Now.Add(time.Second)
				l.forget(h, a.Reuse)
				return
			}
			n.AllocatedTo, n.Held, at().Status = h.Request, true, Ready
		})
	}
	return func() {
		for _, step := range steps {
			l.later(step)
		}
	}
}

// create shows a record before its handler knows of it, as a watch does.
func (l *life) create(h *Handler, at func() *HandlerNode, label string) {
	id := l.id("")
	if l.v.Config.Provider(h.Provider).Static() {
		l.Fatalf("a static node is launched")
	}
	if strings.Contains(label, "nope") {
		l.Fatalf("label %s was launched", label)
	}
	node(id, record.NodeInit, label, of(h.Provider, h.Pool), allocated(h.Request), since(record.Now(l.v.Now)))(l.v)
	n := l.v.Nodes[id]
	l.later(func() {
		n.State, n.Held, at().ID = record.NodeBuilding, true, id
		n.Resources = need1(label)
		l.later(func() { l.launched(n, at) })
	})
}

func (l *life) launched(n *Node, at func() *HandlerNode) {
	hn := at()
	label := l.v.Config.Provider(n.Provider).Pool(n.Pool).Labels[hn.Label]
	switch {
	case l.calm || l.chance(70, "launch succeeds"):
		n.State, hn.Status = record.NodeReady, Ready
		l.v.Setbacks.Succeeded(label, 0, hn.Began, l.v.Now)
	case l.chance(50, "cloud is at quota"):
		n.State, hn.Status = record.NodeAborted, Aborted
		l.v.Setbacks.QuotaUsedUp(label, hn.Began, l.v.Now)
	case l.chance(30, "cloud refuses"):
		n.State, hn.Status, hn.Reason = record.NodeFailed, Failed, "401"
		l.v.Setbacks.Refused(label, "401", hn.Began, l.v.Now)
	case l.chance(30, "no capacity"):
		n.State, hn.Status, hn.Reason = record.NodeFailed, Failed, "no capacity"
		l.v.Setbacks.NoCapacity(label, 0, hn.Began, l.v.Now)
	default:
		n.State, hn.Status, hn.Reason = record.NodeFailed, Failed, "bad luck"
	}
}

func (l *life) forget(h *Handler, id string) {
	h.Nodes = slices.DeleteFunc(h.Nodes, func(n HandlerNode) bool { return n.ID == id })
	if n := l.v.Nodes[id]; n != nil {
		n.Held = false
	}
}

func (l *life) letGo(h *Handler, write func(*Request)) {
	h.Busy = true
	l.later(func() {
		for _, hn := range h.Nodes {
			if n := l.v.Nodes[hn.ID]; n != nil && n.State == record.NodeReady {
				n.AllocatedTo = ""
			}
		}
		l.unlock(h)
		if r := l.v.Requests[h.Request]; r != nil {
			write(r)
		}
	})
}

func (l *life) unlock(h *Handler) {
	for _, hn := range h.Nodes {
		if n := l.v.Nodes[hn.ID]; n != nil {
			n.Held = false
		}
	}
	delete(l.v.Handlers, h.Request)
}

func (l *life) resume(d Resume) {
	for _, id := range d.Nodes {
		if n := l.v.Nodes[id]; n != nil {
			n.Busy = false
		}
	}
	if l.v.Requests[d.Request] == nil {
		return
	}
	h := &Handler{Request: d.Request, Provider: d.Provider, Pool: d.Pool}
	l.v.Handlers[d.Request] = h
	for _, id := range d.Nodes {
		n := l.v.Nodes[id]
		n.Held = true
		hn := HandlerNode{Label: n.Type[0], ID: id, Status: Ready}
		switch n.State {
		case record.NodeFailed:
			hn.Status = Failed
		case record.NodeInit, record.NodeBuilding:
			n.State, hn.Status = record.NodeBuilding, Launching
			l.later(func() {
				l.launched(n, func() *HandlerNode {
					i := slices.IndexFunc(h.Nodes, func(n HandlerNode) bool { return n.ID == id })
					return &h.Nodes[i]
				})
			})
		}
		h.Nodes = append(h.Nodes, hn)
	}
}
