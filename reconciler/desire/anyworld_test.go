package desire

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var (
	requestStates = []record.RequestState{record.RequestRequested, record.RequestRequested, record.RequestPending, record.RequestFulfilled, record.RequestFailed}
	nodeStates    = []record.NodeState{
		record.NodeReady, record.NodeReady, record.NodeReady, record.NodeInit, record.NodeBuilding, record.NodeTesting, record.NodeInUse,
		record.NodeUsed, record.NodeHold, record.NodeDeleting, record.NodeFailed, record.NodeAborted, record.NodeDeleted,
	}
	someLabels = []string{"small", "large", "gpu", "nope"}
	requestIDs = []string{"100-0000000001", "100-0000000007", "200-0000000002", "200-0000000003", "300-0000000004", "900-0000000005", "odd"}
)

// anyWorld makes up worlds out of a small vocabulary, so that its parts meet. What a handler has is held or busy, as
// the launcher marks it; all else is left to chance.
func anyWorld(t *rapid.T) *View {
	v := world(anyConfig(t))
	chance := func(percent int, what string) bool { return rapid.IntRange(1, 100).Draw(t, what) <= percent }
	labels := rapid.SliceOfN(rapid.SampledFrom(someLabels), 0, 5)
	times := rapid.SampledFrom([]time.Duration{-2 * time.Hour, 0, 0, 0, 0, 0, time.Second})
	for _, id := range requestIDs {
		if !chance(60, "request "+id) {
			continue
		}
		r := &record.Request{
			ID: id, State: rapid.SampledFrom(requestStates).Draw(t, "state"), NodeTypes: labels.Draw(t, "node_types"), Reuse: chance(70, "reuse"),
			Provider: rapid.SampledFrom([]string{"", "", "a", "b", "z"}).Draw(t, "provider"), TenantName: rapid.SampledFrom([]string{"", "acme", "emca"}).Draw(t, "tenant"),
			RelativePriority: float64(rapid.IntRange(-1, 1).Draw(t, "relative")),
			DeclinedBy:       rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"own/a/main", "own/a/side", "own/b/main", "peer1", "peer2", "stale"}), 0, 3, rapid.ID[string]).Draw(t, "declined_by"),
		}
		if chance(10, "min-ready") {
			r.Requestor = RequestorMinReady
		}
		if chance(5, "problem") {
			r.Problems = []string{"node_types: want a list of strings, got a number"}
		}
		v.Requests[id] = &Request{Request: r, Busy: chance(10, "busy"), NotBefore: now.Add(times.Draw(t, "not before"))}
		if chance(10, "ours") {
			v.MinReady[id] = "small"
		}
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "nodes") {
		id := fmt.Sprintf("%010d", i)
		n := &record.Node{
			ID: id, State: rapid.SampledFrom(nodeStates).Draw(t, "state"), Provider: rapid.SampledFrom([]string{"a", "a", "a", "b", "z", ""}).Draw(t, "provider"),
			Pool: rapid.SampledFrom([]string{"main", "main", "side", "gone", ""}).Draw(t, "pool"), Type: rapid.SliceOfN(rapid.SampledFrom(someLabels), 0, 2).Draw(t, "type"),
			AllocatedTo: rapid.SampledFrom(append([]string{"", "", "", "gone"}, requestIDs...)).Draw(t, "allocated"), AZ: rapid.SampledFrom([]string{"", "z1", "z2"}).Draw(t, "zone"),
			TenantName: rapid.SampledFrom([]string{"", "acme"}).Draw(t, "tenant"),
			StateTime:  ago(time.Duration(rapid.IntRange(-600, 7200).Draw(t, "age")) * time.Second),
		}
		if chance(50, "resources") {
			n.Resources = map[string]float64{"instances": 1, "cores": float64(rapid.IntRange(0, 30).Draw(t, "cores")) / 10}
		}
		if chance(20, "expires") {
			n.HoldExpiration = rapid.Ptr(rapid.Int64Range(-1, 7200), true).Draw(t, "seconds")
		}
		v.Nodes[id] = &Node{
			Node: n, Busy: chance(10, "busy"), Known: chance(70, "known"), Contended: chance(20, "contended"), Foreign: chance(10, "foreign"),
			Held: chance(5, "held"), NotBefore: now.Add(times.Draw(t, "not before")),
		}
	}
	anyHandlers(t, v)
	anySetbacks(t, v)
	v.Draining = chance(10, "draining")
	v.Due = Due{Ages: chance(50, "ages"), Lost: chance(50, "lost")}
	v.MinReadyAfter["small"] = now.Add(times.Draw(t, "min-ready after"))
	return v
}

func anyConfig(t *rapid.T) part {
	return func(v *View) {
		chance := func(percent int, what string) bool { return rapid.IntRange(1, 100).Draw(t, what) <= percent }
		anyPool := func(name string) *config.Pool {
			opts := []any{priority(rapid.SampledFrom([]int{50, 100, 200}).Draw(t, "priority"))}
			for _, l := range []string{"small", "large", "gpu:image"} {
				if chance(70, l) {
					opts = append(opts, l)
				}
			}
			if chance(60, "max-servers") {
				opts = append(opts, maxServers(rapid.IntRange(0, 6).Draw(t, "servers")))
			}
			if chance(50, "max-cores") {
				opts = append(opts, limit("cores", float64(rapid.IntRange(-10, 300).Draw(t, "cores"))/10))
			}
			return pool(name, opts...)
		}
		concurrency := maxConcurrency(rapid.IntRange(-1, 4).Draw(t, "max-concurrency"))
		prov("a", anyPool("main"), anyPool("side"), concurrency)(v)
		if chance(50, "provider b") {
			prov("b", anyPool("main"))(v)
		}
		for _, id := range []string{"peer1", "peer2"} {
			if chance(40, id) {
				peer(id, rapid.SampledFrom([]string{"a", "b", "z"}).Draw(t, "provider"), rapid.SampledFrom([]int{50, 100, 200}).Draw(t, "priority"), rapid.SliceOf(rapid.SampledFrom(someLabels)).Draw(t, "labels")...)(v)
			}
		}
		for _, id := range sortedKeys(v.Pools) {
			v.Pools[id].Paused = chance(20, "paused")
			if chance(10, "unregistered") {
				unregistered(id)(v)
			}
		}
		if chance(50, "tenant limit") {
			tenant("acme", "cores", float64(rapid.IntRange(0, 20).Draw(t, "cores")))(v)
		}
		if chance(70, "image") {
			image("a", "image")(v)
		}
		for _, l := range []string{"small", "gpu", "nope"} {
			globalLabel(l, rapid.IntRange(0, 3).Draw(t, "min-ready"), time.Duration(rapid.IntRange(0, 2).Draw(t, "max-ready-age"))*time.Hour)(v)
		}
		v.Config.MaxHoldAge = time.Duration(rapid.IntRange(-1, 2).Draw(t, "max-hold-age")) * time.Hour
	}
}

func anyHandlers(t *rapid.T, v *View) {
	free := sortedKeys(v.Nodes)
	key := rapid.SampledFrom([]PoolKey{{"a", "main"}, {"a", "main"}, {"a", "side"}, {"b", "main"}, {"a", "gone"}, {"z", "main"}})
	for _, id := range requestIDs {
		if rapid.IntRange(1, 10).Draw(t, "in hand "+id) <= 3 {
			k := key.Draw(t, "pool")
			h := &Handler{Request: id, Provider: k.Provider, Pool: k.Pool, Zone: rapid.SampledFrom([]string{"", "", "z1"}).Draw(t, "zone")}
			h.Paused, h.Busy = rapid.Bool().Draw(t, "paused"), rapid.IntRange(1, 10).Draw(t, "busy") == 1
			if rapid.IntRange(1, 10).Draw(t, "error") == 1 {
				h.Error = "wrong"
			}
			for i := range rapid.IntRange(0, 4).Draw(t, "handler nodes") {
				n := HandlerNode{Key: i, Label: rapid.SampledFrom(someLabels).Draw(t, "label"), Status: rapid.SampledFrom([]Status{Launching, Ready, Ready, Failed, Aborted}).Draw(t, "status")}
				switch rapid.IntRange(0, 2).Draw(t, "record") {
				case 0:
					if len(free) > 0 {
						n.ID, free = free[0], free[1:]
						v.Nodes[n.ID].Held = true
					}
				case 1:
					n.ID = fmt.Sprintf("gone-%s-%d", id, i)
				}
				if n.ID == "" && n.Status != Failed {
					n.Status = Launching
				}
				if n.Status == Launching && rapid.Bool().Draw(t, "begun by us") {
					n.Began = now.Add(-time.Duration(rapid.IntRange(0, 120).Draw(t, "began")) * time.Second)
				}
				h.Nodes = append(h.Nodes, n)
			}
			v.Handlers[id] = h
			if r := v.Requests[id]; r != nil && rapid.IntRange(1, 10).Draw(t, "as accepted") > 3 {
				r.State = record.RequestPending
			}
		}
	}
}

// anySetbacks lets launches of some labels have failed lately.
func anySetbacks(t *rapid.T, v *View) {
	for _, p := range v.Config.Providers {
		for _, pool := range p.Pools {
			for _, name := range pool.LabelNames {
				when := rapid.SampledFrom([]time.Duration{time.Second, 29 * time.Second, 59 * time.Second, 60 * time.Second, time.Hour})
				l := pool.Labels[name]
				if rapid.IntRange(1, 10).Draw(t, "quota") == 1 {
					at := now.Add(-when.Draw(t, "ago"))
					v.Setbacks.QuotaUsedUp(l, at, at)
				}
				if rapid.IntRange(1, 10).Draw(t, "refused") <= 2 {
					at := now.Add(-when.Draw(t, "ago"))
					v.Setbacks.Refused(l, "401", at, at)
				}
				if rapid.IntRange(1, 10).Draw(t, "capacity") <= 2 {
					at := now.Add(-when.Draw(t, "ago"))
					v.Setbacks.NoCapacity(l, 0, at, at)
				}
			}
		}
	}
}

// rebuilt copies a view, its maps filled in another order.
func rebuilt(v *View) *View {
	c := *v
	c.Requests, c.Nodes, c.Handlers = map[string]*Request{}, map[string]*Node{}, map[string]*Handler{}
	c.Pools, c.Own = map[string]*record.Pool{}, maps.Clone(v.Own)
	for _, id := range slices.Backward(sortedKeys(v.Requests)) {
		r := *v.Requests[id]
		r.Request = r.Clone()
		c.Requests[id] = &r
	}
	for _, id := range slices.Backward(sortedKeys(v.Nodes)) {
		n := *v.Nodes[id]
		n.Node = n.Clone()
		c.Nodes[id] = &n
	}
	for _, id := range slices.Backward(sortedKeys(v.Handlers)) {
		h := *v.Handlers[id]
		h.Nodes = slices.Clone(h.Nodes)
		c.Handlers[id] = &h
	}
	for _, id := range slices.Backward(sortedKeys(v.Pools)) {
		p := *v.Pools[id]
		c.Pools[id] = &p
	}
	c.MinReady, c.Images, c.MinReadyAfter = maps.Clone(v.MinReady), maps.Clone(v.Images), maps.Clone(v.MinReadyAfter)
	return &c
}
