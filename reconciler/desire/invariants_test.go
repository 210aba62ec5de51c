package desire

import (
	"fmt"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// invariants returns what no pass may ever do, in whatever world: every case of every table is checked, and every
// world that rapid makes up.
func invariants(v *View, ds []Decision) (broken []string) {
	bad := func(d Decision, format string, args ...any) {
		broken = append(broken, show(d)+": "+fmt.Sprintf(format, args...))
	}
	requests, nodes := map[string]bool{}, map[string]bool{}
	request := func(d Decision, id string) {
		if requests[id] {
			bad(d, "second decision about the request")
		}
		requests[id] = true
		if r := v.Requests[id]; r != nil && r.Busy && v.Handlers[id] == nil {
			bad(d, "request is busy")
		}
		if h := v.Handlers[id]; h != nil && h.Busy {
			bad(d, "handler is busy")
		}
	}
	node := func(d Decision, id string) *Node {
		n := v.Nodes[id]
		switch {
		case n == nil:
			bad(d, "node %s is unknown", id)
			return nil
		case nodes[id]:
			bad(d, "second decision about node %s", id)
		case n.Busy || n.Held:
			bad(d, "node %s is busy or held", id)
		case v.Now.Before(n.NotBefore):
			bad(d, "node %s is held back", id)
		}
		nodes[id] = true
		return n
	}
	allocs := func(d Decision, key PoolKey, as []Alloc) {
		for _, a := range as {
			if a.Reuse == "" {
				if v.Config.Provider(key.Provider).Static() {
					bad(d, "a static node is launched")
				}
				continue
			}
			if n := node(d, a.Reuse); n != nil {
				if n.State != record.NodeReady || n.AllocatedTo != "" || n.Provider != key.Provider || n.Pool != key.Pool || !slices.Contains(n.Type, a.Label) {
					bad(d, "node %s cannot serve label %s", n.ID, a.Label)
				}
			}
		}
	}
	for _, d := range ds {
		switch d := d.(type) {
		case Accept:
			request(d, d.Request)
			allocs(d, d.PoolKey, d.Allocs)
			r := v.Requests[d.Request]
			if r.State != record.RequestRequested || slices.Contains(r.DeclinedBy, v.Own[d.PoolKey]) || v.Draining || v.Handlers[d.Request] != nil {
				bad(d, "not to be accepted")
			}
			if !d.Pause && len(d.Allocs) != len(r.NodeTypes) {
				bad(d, "%d of %d nodes", len(d.Allocs), len(r.NodeTypes))
			}
		case Decline:
			request(d, d.Request)
			r := v.Requests[d.Request]
			again := slices.Contains(r.DeclinedBy, v.Own[d.PoolKey])
			for id := range v.Pools {
				again = again && slices.Contains(r.DeclinedBy, id)
			}
			if r.State != record.RequestRequested || len(d.Reasons) == 0 || (!again && slices.Contains(r.DeclinedBy, v.Own[d.PoolKey])) {
				bad(d, "not to be declined")
			}
		case Fill:
			request(d, d.Request)
			h := v.Handlers[d.Request]
			allocs(d, PoolKey{h.Provider, h.Pool}, d.Allocs)
		case GiveUp:
			request(d, d.Request)
			noneLaunching(v, d, d.Request, bad)
		case DropAborted:
			request(d, d.Request)
			noneLaunching(v, d, d.Request, bad)
		case Abandon:
			request(d, d.Request)
			noneLaunching(v, d, d.Request, bad)
		case Yield:
			request(d, d.Request)
			noneLaunching(v, d, d.Request, bad)
		case Fulfil:
			request(d, d.Request)
			fulfillable(v, d, bad)
		case Resume:
			request(d, d.Request)
			if v.Handlers[d.Request] != nil || v.Requests[d.Request].State != record.RequestPending {
				bad(d, "not to be resumed")
			}
			for _, id := range d.Nodes {
				if n := node(d, id); n != nil && (n.Foreign && n.State != record.NodeReady || n.AllocatedTo != d.Request || len(n.Type) == 0) {
					bad(d, "node %s is not of this request, or not ours", id)
				}
			}
		case Reset:
			request(d, d.Request)
			if v.Handlers[d.Request] != nil || v.Requests[d.Request].State != record.RequestPending {
				bad(d, "not to be reset")
			}
			for id, n := range v.Nodes {
				if (n.AllocatedTo == d.Request) != slices.Contains(d.Nodes, id) {
					bad(d, "node %s of %q", id, n.AllocatedTo)
				}
			}
		case EndMinReady:
			request(d, d.Request)
			if _, ours := v.MinReady[d.Request]; !ours {
				bad(d, "not our request")
			}
		case SetPaused:
			if d.Paused && v.Config.Provider(d.Provider).Static() {
				bad(d, "a static pool pauses")
			}
		case Delete:
			if n := node(d, d.Node); n != nil {
				deletable(v, d, n, bad)
			}
		case Deallocate:
			if n := node(d, d.Node); n != nil && (n.State != record.NodeReady || n.AllocatedTo == "" || v.Requests[n.AllocatedTo] != nil || n.Contended || n.Foreign) {
				bad(d, "not to be deallocated")
			}
		case Husk:
			if n := node(d, d.Node); n != nil && (n.State != record.NodeDeleted || n.Provider != "" && (v.Config.Provider(n.Provider) != nil || n.Contended || !n.Known)) {
				bad(d, "no husk")
			}
		}
	}
	return append(append(broken, overQuota(v, ds)...), againstTheCloud(v, ds)...)
}

type complain func(d Decision, format string, args ...any)

func noneLaunching(v *View, d Decision, id string, bad complain) {
	for _, n := range v.Handlers[id].Nodes {
		if n.Status == Launching {
			bad(d, "node %s is still launching", n.ID)
		}
	}
}

func fulfillable(v *View, d Fulfil, bad complain) {
	types := v.Requests[d.Request].NodeTypes
	if len(d.Nodes) != len(types) {
		bad(d, "%d nodes for %d labels", len(d.Nodes), len(types))
		return
	}
	seen := map[string]bool{}
	for i, id := range d.Nodes {
		ok := slices.ContainsFunc(v.Handlers[d.Request].Nodes, func(n HandlerNode) bool {
			return n.ID == id && n.Label == types[i] && n.Status == Ready
		})
		if !ok || seen[id] {
			bad(d, "node %s does not stand for entry %d", id, i)
		}
		seen[id] = true
	}
}

func deletable(v *View, d Delete, n *Node, bad complain) {
	if v.Config.Provider(n.Provider) == nil {
		bad(d, "provider is not configured")
	}
	if n.Contended || n.Foreign {
		bad(d, "somebody else has it")
	}
	switch n.State {
	case record.NodeHold:
		if !v.Due.Ages {
			bad(d, "held node")
		}
	case record.NodeReady:
		if n.AllocatedTo != "" {
			bad(d, "allocated node")
		}
	case record.NodeInit:
		if n.AllocatedTo != "" && v.Requests[n.AllocatedTo] != nil {
			bad(d, "request exists")
		}
	case record.NodeTesting:
		bad(d, "state %s is never reaped", n.State)
	}
}

// overQuota checks, with sums of its own, that what is launched fits what is not taken.
func overQuota(v *View, ds []Decision) (broken []string) {
	launched := map[PoolKey]map[string]float64{}
	count := func(key PoolKey, allocs []Alloc) {
		if launched[key] == nil {
			launched[key] = map[string]float64{}
		}
		for _, a := range allocs {
			if a.Reuse == "" {
				for res, n := range v.Config.Provider(key.Provider).Pool(key.Pool).Labels[a.Label].Resources {
					launched[key][res] += n
				}
			}
		}
	}
	for _, d := range ds {
		switch d := d.(type) {
		case Accept:
			count(d.PoolKey, d.Allocs)
		case Fill:
			h := v.Handlers[d.Request]
			count(PoolKey{h.Provider, h.Pool}, d.Allocs)
		}
	}
	for key, sums := range launched {
		pool := v.Config.Provider(key.Provider).Pool(key.Pool)
		for res, l := range pool.Limits {
			used := 0.0
			for _, n := range v.Nodes {
				if n.Provider != key.Provider || n.Pool != key.Pool || len(n.Type) == 0 || pool.Labels[n.Type[0]] == nil {
					continue
				}
				if n.Resources != nil {
					used += n.Resources[res]
				} else {
					used += pool.Labels[n.Type[0]].Resources[res]
				}
			}
			if sums[res] > 0 && used+sums[res] > l+2*slack {
				broken = append(broken, fmt.Sprintf("pool %v: %v %s in use, %v more launched, the limit is %v", key, used, res, sums[res], l))
			}
		}
	}
	return broken
}

// againstTheCloud checks that nothing is launched that the cloud refuses now, and one at most of what may be tried
// again.
func againstTheCloud(v *View, ds []Decision) (broken []string) {
	launched := map[poolLabel]int{}
	for _, d := range ds {
		var key PoolKey
		var allocs []Alloc
		switch d := d.(type) {
		case Accept:
			key, allocs = d.PoolKey, d.Allocs
		case Fill:
			key, allocs = PoolKey{v.Handlers[d.Request].Provider, v.Handlers[d.Request].Pool}, d.Allocs
		}
		stopped, tries := map[string]bool{}, map[string]bool{}
		for _, a := range allocs {
			if a.Reuse != "" {
				continue
			}
			launched[poolLabel{PoolKey: key}]++
			s := v.Setbacks.Label(v.Config.Provider(key.Provider).Pool(key.Pool).Labels[a.Label], v.Now)
			stopped[a.Label] = s.Hold == setback.Held
			if _, ok := d.(Accept); ok && s.Hold == setback.Due && !tries[a.Label] {
				tries[a.Label] = true
				launched[poolLabel{key, a.Label}]++ // once a request
			}
		}
		for label, bad := range stopped {
			if bad {
				broken = append(broken, show(d)+": label "+label+" is stopped")
			}
		}
	}
	for at, n := range launched {
		s := setback.State{Hold: setback.Due}
		if at.label == "" {
			s = v.Setbacks.Quota(setback.Pool(at.PoolKey), v.Now)
		}
		if s.Hold == setback.Held || s.Hold == setback.Due && n > 1 {
			broken = append(broken, fmt.Sprintf("%v: %d launched, it is %+v", at, n, s))
		}
	}
	return broken
}
