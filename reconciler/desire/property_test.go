package desire

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
)

// In any world at all, Decide does not panic, breaks none of the invariants, changes nothing, and decides the same
// again.
func TestAnyWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyWorld(t)
		other := rebuilt(v)
		setbacks := told(v)
		got := Decide(v)
		for _, broken := range invariants(v, got) {
			t.Error(broken)
		}
		if diff := cmp.Diff(lines(got), lines(Decide(other))); diff != "" {
			t.Errorf("decisions depend on the order of a map (-first +second):\n%s", diff)
		}
		if !reflect.DeepEqual(v, other) {
			t.Error("the view was changed")
		}
		if diff := cmp.Diff(setbacks, told(v)); diff != "" {
			t.Errorf("deciding changed what is remembered of the cloud:\n%s", diff)
		}
	})
}

// A request in hand, taken or being finished is nobody's but its handler's: whatever else is in the world, no decision
// of one request names the nodes that another handler holds.
func TestHandlersNodesAreTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyWorld(t)
		owner := map[string]string{}
		for id, h := range v.Handlers {
			for _, n := range h.Nodes {
				if n.ID != "" {
					owner[n.ID] = id
				}
			}
		}
		for _, d := range Decide(v) {
			request, nodes := "", []string(nil)
			switch d := d.(type) {
			case Accept:
				request = d.Request
				for _, a := range d.Allocs {
					nodes = append(nodes, a.Reuse)
				}
			case Fill:
				request = d.Request
				for _, a := range d.Allocs {
					nodes = append(nodes, a.Reuse)
				}
			case Fulfil:
				request, nodes = d.Request, d.Nodes
			case DropAborted:
				request, nodes = d.Request, d.Nodes
			case Resume:
				request, nodes = d.Request, d.Nodes
			case Delete:
				nodes = []string{d.Node}
			case Deallocate:
				nodes = []string{d.Node}
			case Husk:
				nodes = []string{d.Node}
			}
			for _, n := range nodes {
				if o, ok := owner[n]; ok && o != request {
					t.Errorf("%s: node %s is in the hands of %s", show(d), n, o)
				}
			}
		}
	})
}

// told is all that a view's setbacks tell.
func told(v *View) (out []string) {
	for _, p := range v.Config.Providers {
		for _, pool := range p.Pools {
			for _, name := range pool.LabelNames {
				l := pool.Labels[name]
				until, exhausted := v.Setbacks.Exhausted(l, now)
				out = append(out, fmt.Sprint(keyOf(pool), name, v.Setbacks.Quota(setback.Pool(keyOf(pool)), now), v.Setbacks.Label(l, now), until, exhausted))
			}
		}
	}
	return out
}
