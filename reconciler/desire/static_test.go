package desire

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// rack is static provider a, pool main, with machines that read name:jobs:label,label.
func rack(machines ...string) part { return rackOf("a", machines...) }

func rackOf(provider string, machines ...string) part {
	return func(v *View) {
		p := pool("main")
		for _, m := range machines {
			w := strings.Split(m, ":")
			var jobs int
			fmt.Sscan(w[1], &jobs)
			n := &config.StaticNode{Pool: p, Name: w[0], Labels: strings.Split(w[2], ","), Username: "zuul", ConnectionType: "ssh", ConnectionPort: 22, PythonPath: "auto", MaxParallelJobs: jobs}
			p.StaticNodes = append(p.StaticNodes, n)
			for _, l := range n.Labels {
				if p.Labels[l] == nil {
					p.Labels[l] = &config.PoolLabel{Name: l, Pool: p, Resources: need1(l)}
					p.LabelNames = append(p.LabelNames, l)
				}
				p.Labels[l].Slots += jobs
			}
		}
		prov(provider, p, func(p *config.Provider) { p.Driver = "static" })(v)
	}
}

// slot is the READY node of a machine's slot; ids sort as they were registered.
func slot(id, machine string, s int, opts ...func(*Node)) part {
	return func(v *View) {
		for _, m := range v.Config.Provider("a").Pool("main").StaticNodes {
			if m.Name == machine {
				n := &Node{Node: static.NewNode(m, s, static.Host{}, now.Add(-time.Hour)), Known: true}
				n.ID = id
				for _, o := range opts {
					o(n)
				}
				v.Nodes[id] = n
			}
		}
	}
}

func in(s record.NodeState) func(*Node) { return func(n *Node) { n.State = s } }

func TestStatic(t *testing.T) {
	const r = "200-0000000001"
	two := rack("m1:1:bench,arm", "m2:2:bench")
	all := []part{two, slot("01", "m1", 0), slot("02", "m2", 0), slot("03", "m2", 1)}
	in2 := func(parts ...part) []part { return append(slices.Clone(all), parts...) }
	lines := func(s ...string) []string { return s }
	stale := func(n *Node) { n.PythonPath = "/usr/bin/python2" }
	run(t, []testCase{
		{"one", in2(req(r, "bench")), lines("accept 200-0000000001 a/main bench<01")},
		{"several labels on one node", in2(req(r, "arm bench")), lines("accept 200-0000000001 a/main arm<01 bench<02")},
		{"the first gives way to the second", in2(req(r, "bench arm")), lines("accept 200-0000000001 a/main bench<02 arm<01")},
		{"all", in2(req(r, "bench bench arm")), lines("accept 200-0000000001 a/main bench<03 bench<02 arm<01")},
		{"each node once", in2(req(r, "bench bench"), req("200-0000000002", "bench"), req("200-0000000003", "bench")), lines("accept 200-0000000001 a/main bench<01 bench<02", "accept 200-0000000002 a/main bench<03")},
		{"none is free", []part{two, slot("01", "m1", 0, in(record.NodeInUse), contended), req(r, "bench")}, nil},
		{"too few are free: none is held", []part{two, slot("01", "m1", 0), req(r, "bench bench")}, nil},
		{"too few are free: the next one is served", []part{two, slot("01", "m1", 0), req(r, "bench bench"), req("200-0000000002", "arm")}, lines("accept 200-0000000002 a/main arm<01")},
		{"of a full pool never paused", []part{two, req(r, "bench"), req("200-0000000002", "arm")}, nil},
		{"never enough", in2(req(r, "bench bench bench bench")), lines(`decline 200-0000000001 a/main (label "bench" is wanted more often than the machines of the pool have it)`)},
		{"never enough together", in2(req(r, "bench bench bench arm")), lines("decline 200-0000000001 a/main (the machines of the pool are too few for its labels together)")},
		{"unknown label, all busy", []part{two, req(r, "bench nope")}, lines(`decline 200-0000000001 a/main (label "nope" is not offered)`)},
		{"fresh ones only", in2(req(r, "bench", noReuse)), lines("decline 200-0000000001 a/main (it wants fresh nodes, and static nodes are never launched)")},
		{"min-ready of another launcher, all busy", []part{two, req(r, "bench", minReady)}, lines("decline 200-0000000001 a/main (it wants fresh nodes, and static nodes are never launched)")},
		{"min-ready is never asked for", []part{two, globalLabel("bench", 5, 0)}, nil},
		{"min-ready is asked of a cloud with the label", []part{two, prov("b", pool("main", "bench")), globalLabel("bench", 1, 0)}, lines("ask-min-ready bench 1")},
		{"a ready static node is ready enough", in2(prov("b", pool("main", "bench")), globalLabel("bench", 3, 0)), nil},
		{"out of date", []part{two, slot("01", "m1", 0, stale), req(r, "bench")}, nil},
		{"without a slot, as before Nodepool 8", []part{two, slot("01", "m1", 0, func(n *Node) { n.Slot = nil }), req(r, "bench")}, nil},
		{"machine is gone from the configuration", []part{two, slot("01", "m1", 0, func(n *Node) { n.Hostname = "m3" }), req(r, "bench")}, nil},
		{"slot is gone from the configuration", []part{two, slot("01", "m1", 1), req(r, "bench")}, nil},
		{"locked", []part{two, slot("01", "m1", 0, contended), req(r, "bench")}, nil},
		{"held by an operator", []part{two, slot("01", "m1", 0, in(record.NodeHold)), req(r, "bench")}, nil},
		{"vanished answers are retried later", []part{two, slot("01", "m1", 0, nodeLater), req(r, "bench")}, nil},
		{"disabled", []part{two, func(v *View) { zero := 0; v.Config.Providers[0].Pools[0].MaxServers = &zero }, slot("01", "m1", 0), req(r, "bench")}, lines("decline 200-0000000001 a/main (pool is disabled by max-servers)")},
		{"tenant limit", in2(tenant("acme", "instances", 1), req(r, "bench bench", ofTenant("acme"))), nil},
		{"others' nodes are not its own", []part{two, slot("01", "m1", 0, of("b", "main")), req(r, "bench")}, nil},

		{"used", []part{two, slot("01", "m1", 0, in(record.NodeUsed))}, lines("delete 01 (state used)")},
		{"of a request that is gone", []part{two, slot("01", "m1", 0, allocated(r))}, lines("deallocate 01")},
		{"in hand", in2(req(r, "bench", pending), handler(r, "bench:01:r")), lines("fulfil 200-0000000001 01")},
		{"in hand, by its second label", in2(req(r, "arm", pending), handler(r, "arm:01:r")), lines("fulfil 200-0000000001 01")},
		{"dead, another is there", []part{two, slot("02", "m2", 0), req(r, "bench", pending), handler(r, "")}, lines("fill 200-0000000001 bench<02")},
		{"dead, none is left", []part{two, req(r, "bench", pending), handler(r, "")}, lines("yield 200-0000000001")},
		{"dead, the other still being asked", []part{two, req(r, "bench arm", pending), handler(r, "arm:01:l")}, nil},
		{"dead, the other one answered", []part{two, slot("01", "m1", 0, held), req(r, "bench arm", pending), handler(r, "arm:01:r")}, lines("yield 200-0000000001")},
		{"stopping", []part{two, slot("02", "m2", 0), draining, req(r, "bench", pending), handler(r, "")}, lines("fill 200-0000000001 bench<02")},
		{"label gone meanwhile", []part{two, req(r, "gone", pending), handler(r, "")}, lines(`give-up 200-0000000001 (label "gone" is not offered)`)},
		{"after a crash the request is put back, not resumed", []part{two, dueLost, slot("01", "m1", 0, allocated(r)), req(r, "arm", pending)}, lines("reset 200-0000000001 01")},
	})
}

// However labels lie on machines: a request is served exactly when its labels can be given different nodes.
func TestStaticFillIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := []string{"a", "b", "c"}
		var machines []string
		for i := range rapid.IntRange(1, 4).Draw(t, "machines") {
			own := rapid.SliceOfNDistinct(rapid.SampledFrom(labels), 1, 3, rapid.ID[string]).Draw(t, "labels")
			machines = append(machines, fmt.Sprintf("m%d:1:%s", i, strings.Join(own, ",")))
		}
		want := rapid.SliceOfN(rapid.SampledFrom(labels), 1, 4).Draw(t, "wanted")
		parts := []part{rack(machines...)}
		for i := range machines {
			parts = append(parts, slot(fmt.Sprintf("%02d", i), fmt.Sprintf("m%d", i), 0))
		}
		v := world(append(parts, req("200-0000000001", strings.Join(want, " ")))...)
		ds := Decide(v)
		for _, broken := range invariants(v, ds) {
			t.Error(broken)
		}
		accepted := slices.ContainsFunc(ds, func(d Decision) bool { _, ok := d.(Accept); return ok })
		if possible := assignable(want, machines); accepted != possible {
			t.Errorf("%v of %v: accepted %v, possible %v", want, machines, accepted, possible)
		}
	})
}

// assignable tries all ways.
func assignable(want, machines []string) bool {
	if len(want) == 0 {
		return true
	}
	for i, m := range machines {
		_, has, _ := strings.Cut(m, ":1:")
		if slices.Contains(strings.Split(has, ","), want[0]) && assignable(want[1:], slices.Delete(slices.Clone(machines), i, i+1)) {
			return true
		}
	}
	return false
}
