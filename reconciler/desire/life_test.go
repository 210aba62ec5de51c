package desire

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestLife lets decisions be carried out, in any order and with any luck, while a Zuul asks, cancels and uses nodes,
// and the launcher is killed now and then. Whatever happens: no pool ever has more nodes than it may, no node is given
// to two requests, and when the world calms down every request was answered and every node is free or gone.
func TestLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &life{T: t, v: world(prov("a", pool("main", "small", "large", maxServers(4)), pool("side", "small", maxServers(3)), maxConcurrency(6)), prov("b", pool("main", "large", maxServers(2)), maxConcurrency(-1)),
			rackOf("s", "m1:1:bench,arm", "m2:2:bench"))}
		globalLabel("small", rapid.IntRange(0, 1).Draw(t, "min-ready"), 0)(l.v)
		for range rapid.IntRange(10, 80).Draw(t, "steps") {
			l.zuul()
			if l.chance(3, "killed") {
				l.restart()
			}
			l.step()
		}
		l.calm = true
		for i := 0; !l.quiet(); i++ {
			if i > 2000 {
				t.Fatalf("it never comes to rest: %s", l)
			}
			l.zuul()
			l.step()
		}
	})
}

// life is a world in which time passes.
type life struct {
	*rapid.T
	v      *View
	begun  []func() // effects under way: each runs once, in any order
	serial int
	calm   bool // nothing is asked for, cancelled or failing any more
}

func (l *life) chance(percent int, what string) bool {
	return rapid.IntRange(1, 100).Draw(l.T, what) <= percent
}

func (l *life) later(f func()) { l.begun = append(l.begun, f) }

func (l *life) id(prefix string) string {
	l.serial++
	return fmt.Sprintf("%s%010d", prefix, l.serial)
}

// step decides once, begins what was decided and ends some of what was begun.
func (l *life) step() {
	l.v.Now = l.v.Now.Add(time.Second)
	l.v.Due = Due{Lost: l.v.Now.Unix()%10 == 0}
	ds := Decide(l.v)
	for _, broken := range invariants(l.v, ds) {
		l.Error(broken)
	}
	for _, d := range ds {
		l.act(d)
	}
	l.register()
	for range rapid.IntRange(0, 1+len(l.begun)).Draw(l.T, "effects") {
		if len(l.begun) == 0 {
			break
		}
		i := rapid.IntRange(0, len(l.begun)-1).Draw(l.T, "effect")
		f := l.begun[i]
		l.begun = slices.Delete(l.begun, i, i+1)
		f()
	}
	count := map[PoolKey]int{}
	for _, n := range l.v.Nodes {
		count[PoolKey{n.Provider, n.Pool}]++
	}
	for _, p := range l.v.Config.Providers {
		for _, pool := range p.Pools {
			if p.Static() {
				continue // see register
			}
			if n := count[keyOf(pool)]; n > *pool.MaxServers {
				l.Fatalf("pool %v has %d nodes: %s", keyOf(pool), n, l)
			}
		}
	}
}

// register gives each slot of the machines a node, as package reconciler does by what package static says.
func (l *life) register() {
	taken := map[static.Slot]bool{}
	for _, n := range l.v.Nodes {
		if n.Launcher == static.Launcher && n.State != record.NodeDeleting {
			at := static.Slot{Machine: static.IDOf(n.Node), Slot: int(*n.Slot)}
			if taken[at] {
				l.Fatalf("slot %v has two nodes: %s", at, l)
			}
			taken[at] = true
		}
	}
	for _, m := range l.v.Config.Provider("s").Pools[0].StaticNodes {
		for i := range m.MaxParallelJobs {
			if !taken[static.Slot{Machine: m.ID(), Slot: i}] && (l.calm || l.chance(50, "registered")) {
				n := &Node{Node: static.NewNode(m, i, static.Host{}, l.v.Now), Known: true}
				n.ID = l.id("")
				l.v.Nodes[n.ID] = n
			}
		}
	}
}

// zuul asks for nodes, cancels, and uses what it got.
func (l *life) zuul() {
	if !l.calm && l.chance(30, "request") {
		labels := rapid.SampledFrom([]string{"small", "large", "small small", "large small large", "large large", "nope", "small nope", "", "bench", "arm", "bench arm", "bench bench bench arm", "bench bench bench", "small small small small"}).Draw(l.T, "labels")
		req(l.id(rapid.SampledFrom([]string{"100-", "200-"}).Draw(l.T, "precedence")), labels)(l.v)
	}
	for _, id := range sortedKeys(l.v.Requests) {
		r := l.v.Requests[id]
		if r.Requestor == RequestorMinReady {
			continue
		}
		switch {
		case r.State == record.RequestFailed, !l.calm && l.chance(3, "cancel"):
			delete(l.v.Requests, id)
		case r.State == record.RequestFulfilled && l.chance(50, "job"):
			delete(l.v.Requests, id)
			if len(r.Nodes) != len(r.NodeTypes) {
				l.Fatalf("request %s for %v got %v", id, r.NodeTypes, r.Nodes)
			}
			for i, nid := range r.Nodes {
				n := l.v.Nodes[nid]
				if n == nil || n.State != record.NodeReady || n.AllocatedTo != id || n.Held || n.Contended || !slices.Contains(n.Type, r.NodeTypes[i]) {
					l.Fatalf("request %s got node %s: %+v", id, nid, n)
				}
				n.Contended = true // before the request is deleted; in-use follows when the job has begun
				l.later(func() {
					n.State = record.NodeInUse
					l.later(func() { n.State, n.Contended = record.NodeUsed, false })
				})
			}
		}
	}
}

// restart kills the launcher: what it held is unlocked, what it believed is gone. Zuul's jobs go on.
func (l *life) restart() {
	zuul := map[string]*Node{}
	for id, n := range l.v.Nodes {
		n.Busy, n.Held, n.NotBefore = false, false, time.Time{}
		if n.Contended {
			zuul[id] = n
		}
	}
	l.begun = nil
	for _, id := range sortedKeys(zuul) {
		n := zuul[id]
		l.later(func() { n.State, n.Contended = record.NodeUsed, false })
	}
	for id, r := range l.v.Requests {
		r.Busy, r.NotBefore = false, time.Time{}
		if r.Requestor == RequestorMinReady {
			delete(l.v.Requests, id) // ephemeral
		}
	}
	for k, id := range l.v.Own {
		p := l.v.Pools[id]
		delete(l.v.Pools, id)
		p.ID, p.Paused = l.id("own/"), false
		l.v.Own[k], l.v.Pools[p.ID] = p.ID, p
	}
	l.v.Handlers, l.v.MinReady, l.v.MinReadyAfter = map[string]*Handler{}, map[string]string{}, map[string]time.Time{}
}

func (l *life) quiet() bool {
	for _, n := range l.v.Nodes {
		if n.State != record.NodeReady || n.AllocatedTo != "" || n.Held || n.Busy || n.Contended {
			return false
		}
	}
	return len(l.v.Requests) == 0 && len(l.v.Handlers) == 0 && len(l.begun) == 0
}

func (l *life) String() string {
	s := fmt.Sprintf("now %d, %d effects", l.v.Now.Unix(), len(l.begun))
	for _, id := range sortedKeys(l.v.Requests) {
		r := l.v.Requests[id]
		s += fmt.Sprintf("\nrequest %s %s %v declined %v busy %v", id, r.State, r.NodeTypes, r.DeclinedBy, r.Busy)
	}
	for _, id := range sortedKeys(l.v.Handlers) {
		s += fmt.Sprintf("\nhandler %+v", *l.v.Handlers[id])
	}
	for _, id := range sortedKeys(l.v.Nodes) {
		n := l.v.Nodes[id]
		s += fmt.Sprintf("\nnode %s %s %s/%s %v for %q busy %v held %v contended %v", id, n.State, n.Provider, n.Pool, n.Type, n.AllocatedTo, n.Busy, n.Held, n.Contended)
	}
	return s + fmt.Sprint("\nmin-ready ", slices.Sorted(maps.Keys(l.v.MinReady)))
}
