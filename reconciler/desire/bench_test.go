package desire

import (
	"fmt"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Decide runs on every event, and the launcher gives it a fifth of a core: what a pass costs, times five, is what an
// event waits at worst.
func BenchmarkDecide(b *testing.B) {
	for _, nodes := range []int{10, 1_000, 10_000} {
		for _, s := range []struct {
			name string
			add  func(v *View, nodes int)
		}{
			{"idle", func(*View, int) {}},
			{"open=50", open50},
			{"open=50,quota=full", func(v *View, nodes int) { full(v, nodes); open50(v, nodes) }},
			{"paused=50", func(v *View, nodes int) { full(v, nodes); paused50(v) }},
			{"thousand", func(v *View, _ int) { req("200-0000000001", thousand)(v) }},
		} {
			b.Run(fmt.Sprintf("nodes=%d/%s", nodes, s.name), func(b *testing.B) {
				v := fleet(nodes)
				s.add(v, nodes)
				b.ReportAllocs()
				for b.Loop() {
					Decide(v)
				}
			})
		}
	}
}

var thousand = func() (s string) {
	for i := range 1000 {
		s += fmt.Sprintf(" label%d", i%20)
	}
	return s
}()

// fleet is a launcher in the middle of its day: four providers of two pools with twenty labels, of ten nodes seven are
// in use, two READY and one is being built; a request in two has its nodes and waits for Zuul.
func fleet(nodes int) *View {
	v := world()
	for i := range 4 {
		pools := []any{}
		for _, name := range []string{"main", "side"} {
			opts := []any{limit("instances", 20_000), limit("cores", 1e6), limit("ram", 1e9)}
			for l := range 20 {
				opts = append(opts, fmt.Sprintf("label%d", l))
			}
			pools = append(pools, pool(name, opts...))
		}
		prov(fmt.Sprintf("p%d", i), pools...)(v)
	}
	for l := range 20 {
		globalLabel(fmt.Sprintf("label%d", l), 1, time.Hour)(v)
	}
	tenant("acme", "cores", 1e6)(v)
	many(nodes, func(id string, i int) part {
		n := fmt.Sprintf("%010d", i/2)
		opts := []func(*Node){of(fmt.Sprintf("p%d", i%4), []string{"main", "side"}[i/4%2]), takes(map[string]float64{"instances": 1, "cores": 4, "ram": 8192}), nodeTenant("acme")}
		state := record.NodeInUse
		switch i % 10 {
		case 0, 1:
			state = record.NodeReady
			if i%3 == 0 {
				opts = append(opts, allocated("200-1"+n[1:]))
				req("200-1"+n[1:], "label1", inState(record.RequestFulfilled))(v)
			}
		case 2:
			state, opts = record.NodeBuilding, append(opts, held)
		default:
			opts = append(opts, contended)
		}
		return node(id, state, fmt.Sprintf("label%d", i%20), opts...)
	})(v)
	return v
}

func open50(v *View, _ int) {
	for i := range 50 {
		req(fmt.Sprintf("200-%010d", i), fmt.Sprintf("label%d label%d", i%20, (i+1)%20), ofTenant("acme"))(v)
	}
}

// full leaves no room in any pool.
func full(v *View, nodes int) {
	for _, p := range v.Config.Providers {
		for _, pool := range p.Pools {
			pool.Limits["instances"] = max(2, float64(nodes/8))
		}
	}
	for id, n := range v.Nodes {
		if n.State == record.NodeReady && n.AllocatedTo == "" {
			n.State, n.Contended = record.NodeInUse, true
			v.Nodes[id] = n
		}
	}
}

func paused50(v *View) {
	for i := range 50 {
		id := fmt.Sprintf("100-%010d", i)
		req(id, "label1", pending)(v)
		handler(id, "", hPaused, inPool(fmt.Sprintf("p%d", i%4), "main"))(v)
	}
}
