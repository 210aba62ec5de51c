package workspace

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// TestThousandOrders wait for the only run; most are cancelled, the rest goes out in batches, first come first served.
func TestThousandOrders(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.say("first", "hold")
	b.launch("first")
	b.made("first")
	const n = 1000
	id := func(i int) string { return fmt.Sprintf("%04d", i) }
	for i := range n {
		b.launch(id(i))
	}
	b.eventually("all wait", func() bool {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		l := b.m.lanes["cloud"]
		return l != nil && len(l.queue) == n
	})
	if s := b.m.Stats(); s.Waiting != n || s.Workspaces != 1 || s.Creating != 1 {
		t.Errorf("%+v", s)
	}
	b.m.mu.Lock()
	for i, it := range b.m.lanes["cloud"].queue {
		if it.Node != id(i) {
			t.Fatalf("order %d is of node %s", i, it.Node)
		}
	}
	b.m.mu.Unlock()
	const kept = 60
	for i := kept; i < n; i++ {
		if !b.m.Cancel(id(i)) {
			t.Fatalf("order %d was not cancelled", i)
		}
	}
	b.unsay("first", "hold")
	nodes := []string{"first"}
	for i := range kept {
		nodes = append(nodes, id(i))
	}
	b.created(nodes...)
	shared := map[string]int{}
	for _, node := range nodes {
		shared[b.wait(node, Created).Workspace]++
	}
	if b.opts.Engine.Product == "terraform" && len(shared) != 4 { // 1, 25, 25, 10
		t.Errorf("nodes by workspace: %v", shared)
	}
	ws := b.wait(id(1), Created).Workspace
	b.destroy(id(0))
	b.eventually("its neighbours' blocks are seen again", func() bool {
		seen, _ := filepath.Glob(filepath.Join(b.m.folder(), ws, "n*.tf"))
		hidden, _ := filepath.Glob(filepath.Join(b.m.folder(), ws, "*.hidden"))
		return len(hidden) == 0 && len(seen) == shared[ws]-1
	})
	b.destroy(nodes...)
	b.gone()
}

// TestSlowProvider: one provider's applies hang and fill the bound over all; another's node goes out nevertheless, and
// is destroyed too.
func TestSlowProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.MaxApplies, o.Batch = 2, 1 })
	for _, n := range []string{"s1", "s2", "s3"} {
		b.say(n, "hold")
		b.m.Launch(b.order(n, provider("slow")))
	}
	begun := func() int {
		found, _ := filepath.Glob(b.file("s?", "waiting"))
		return len(found)
	}
	b.eventually("two are being made", func() bool { return begun() == 2 })
	b.m.Launch(b.order("1", provider("fast")))
	b.created("1")
	b.destroy("1")
	b.m.Launch(b.order("2", provider("fast")))
	b.m.Launch(b.order("3", provider("fast")))
	b.created("2", "3")
	if begun() != 2 {
		t.Error("the slow provider went over the bound")
	}
	for _, n := range []string{"s1", "s2", "s3"} {
		b.unsay(n, "hold")
	}
	b.created("s1", "s2", "s3")
	b.destroy("2", "3", "s1", "s2", "s3")
	b.gone()
}

// TestSlowProviderMemory: applies that hang fill the bound on memory; the next of the same provider waits, another
// provider's nodes come and go one after the other. What runs take is learned from them.
func TestSlowProviderMemory(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		o.MaxApplies, o.Batch, o.MaxMemory = 8, 1, 3*unlearned
		o.Providers = []string{"slow", "fast"}
	})
	hung := []string{"s1", "s2", "s3", "s4"}
	for _, n := range hung {
		b.say(n, "hold")
		b.m.Launch(b.order(n, provider("slow")))
	}
	// Two fit beside what is kept for the other provider's first.
	b.eventually("two are being made and two wait", func() bool {
		found, _ := filepath.Glob(b.file("s?", "waiting"))
		return len(found) == 2 && b.m.Stats().CreatesWaiting == 2
	})
	if s := b.m.Stats(); s.Creating != 2 || s.Memory != 2*unlearned || s.MemoryLimit != 3*unlearned || s.Providers["slow"].Memory != s.Memory || s.Providers["fast"].CreatePeak != 0 {
		t.Errorf("%+v", s)
	}
	for _, n := range []string{"1", "2", "3"} {
		b.m.Launch(b.order(n, provider("fast")))
		b.created(n)
		b.destroy(n)
	}
	b.eventually("its runs have ended", func() bool { return b.m.Stats().Providers["fast"].Destroying == 0 })
	s := b.m.Stats()
	if p := s.Providers["fast"]; p.CreatePeak < 30<<20 || p.CreatePeak > 500<<20 || p.DestroyPeak < 30<<20 || p.Memory != 0 {
		t.Errorf("learned %+v", p)
	}
	if s.Providers["slow"].Creating != 2 || s.Providers["slow"].CreatePeak != 0 || s.CreatesWaiting != 2 {
		t.Errorf("%+v", s)
	}
	for _, n := range hung {
		b.unsay(n, "hold")
	}
	b.created(hung...)
	b.destroy(hung...)
	b.gone()
}

// TestTenantsShareARun: behind a hundred orders of one tenant, another's only order is in the next run.
func TestTenantsShareARun(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun, func(o *Options) { o.Batch = 4 })
	var orders []Order
	for i := range 100 {
		orders = append(orders, b.order(fmt.Sprintf("big%03d", i)))
	}
	orders = append(orders, b.order("small", func(o *Order) { o.Vars.Tenant = "small" }))
	b.batch(orders...)
	b.eventually("the next run has begun", func() bool { return len(b.heard("big000")) > 0 })
	for i := 10; i < 100; i++ {
		b.m.Cancel(fmt.Sprintf("big%03d", i))
	}
	b.created("big000", "small", "big009")
	if one, other := b.wait("big000", Created), b.wait("small", Created); one.Workspace != other.Workspace && b.opts.Engine.Product == "terraform" {
		t.Error("the small tenant's order was not in the next run")
	}
	for _, n := range b.m.Nodes() {
		b.destroy(n)
	}
	b.gone()
}

// TestChoreRuns: background work goes out with a Tick, holds nobody up, and its end is counted.
func TestChoreRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	began, end := make(chan bool), make(chan bool)
	b.m.mu.Lock()
	b.m.enqueueChore("cloud", execute.List, "l", func() func() { return nil }) // nothing to do any more
	b.m.enqueueChore("cloud", execute.Refresh, "w", func() func() {
		return func() { close(began); <-end }
	})
	b.m.enqueueChore("cloud", execute.Refresh, "w", func() func() { t.Error("queued twice"); return nil })
	b.m.mu.Unlock()
	if s := b.m.Stats(); s.ListsWaiting != 1 || s.RefreshesWaiting != 1 {
		t.Errorf("%+v", s)
	}
	b.m.Tick()
	<-began
	if s := b.m.Stats(); s.Background != 1 || s.Providers["cloud"].Background != 1 || s.Memory != unlearned {
		t.Errorf("%+v", s)
	}
	b.launch("1") // with the only run taken by a refresh
	b.created("1")
	close(end)
	b.destroy("1")
	b.gone()
}

// TestProviderLimit: a provider's own bound holds whatever else is free.
func TestProviderLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		o.Batch = 1
		o.ProviderLimit = func(p string) int { return map[string]int{"cloud": 1}[p] }
	})
	b.say("1", "hold")
	b.say("2", "hold")
	b.launch("1")
	b.made("1")
	b.launch("2")
	b.m.Launch(b.order("3", provider("other")))
	b.created("3")
	b.m.mu.Lock()
	if r := b.m.lanes["cloud"].runs; r.total() != 1 || exists(b.file("2", "made")) {
		t.Errorf("a second run of a provider that may have one: %+v", r)
	}
	b.m.mu.Unlock()
	b.unsay("1", "hold")
	b.created("1")
	// With creates waiting all the time, destroys take turns with them.
	b.m.Destroy("1")
	b.launch("4", "5")
	b.unsay("2", "hold")
	b.created("2", "4", "5")
	b.wait("1", Destroyed)
	b.destroy("2", "3", "4", "5")
	b.gone()
}

// TestDestroysHaveRoom: creates that hang leave room for destroys.
func TestDestroysHaveRoom(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Batch = 1 })
	b.launch("0")
	b.created("0")
	hung := []string{"1", "2", "3", "4", "5"}
	for _, n := range hung {
		b.say(n, "hold")
		b.launch(n)
	}
	b.eventually("three are being made", func() bool {
		found, _ := filepath.Glob(b.file("[1-5]", "waiting"))
		return len(found) == 3
	})
	b.destroy("0")
	for _, n := range hung {
		b.unsay(n, "hold")
	}
	b.created(hung...)
	b.destroy(hung...)
	b.gone()
}
