package static

import (
	"fmt"
	"testing"
)

// One plan of 10,000 nodes on 2,500 machines of which nothing is to be done.
func BenchmarkPlan(b *testing.B) {
	var machines []string
	for i := range 2500 {
		machines = append(machines, fmt.Sprintf("m%d:4:bench", i))
	}
	p := rack(machines...)
	w := &World{Now: now, Provider: p}
	for i, m := range p.Pools[0].StaticNodes {
		for s := range 4 {
			n := Node{Node: NewNode(m, s, host, now), Free: true}
			n.ID = fmt.Sprintf("%010d", 4*i+s)
			w.Nodes = append(w.Nodes, n)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(Plan(w)) > 0 {
			b.Fatal("there is something to do")
		}
	}
}
