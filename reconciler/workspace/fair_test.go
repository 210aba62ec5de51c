package workspace

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// crowd makes orders with ascending age.
type crowd struct {
	seq  int
	base map[string]*execute.Base
}

func (c *crowd) item(request, pool, tenant, module string) *item {
	if c.base == nil {
		c.base = map[string]*execute.Base{}
	}
	if c.base[module] == nil {
		c.base[module] = &execute.Base{Name: module}
	}
	c.seq++
	o := Order{Node: fmt.Sprint(c.seq), Request: request, Pool: pool, Vars: modules.NodeVars{Tenant: tenant}}
	return &item{Order: o, seq: c.seq, base: c.base[module]}
}

// TestFirstOfATenant: a thousand waiting orders of one tenant do not delay another's first, nor one pool's another's.
func TestFirstOfATenant(t *testing.T) {
	t.Parallel()
	var c crowd
	var f fair
	var queue []*item
	for range 1000 {
		queue = append(queue, c.item("200-0000000001", "main", "big", "m"))
	}
	batch, queue := f.take(queue, 10)
	if len(batch) != 10 || batch[0].seq != 1 || batch[9].seq != 10 {
		t.Fatalf("batch of %d, not the first ten", len(batch))
	}
	small, side := c.item("200-0000000002", "main", "small", "m"), c.item("200-0000000003", "side", "big", "m")
	low, high := c.item("300-0000000001", "main", "small", "m"), c.item("100-0000000004", "main", "big", "m")
	queue = append(queue, small, side, low, high)
	batch, queue = f.take(queue, 4)
	if want := []*item{high, queue[0], small, side}; batch[0] != high || batch[1].seq != 11 || batch[2] != small || batch[3] != side {
		t.Errorf("batch of %v, want %v", seqs(batch), seqs(want))
	}
	if slices.Contains(batch, low) {
		t.Error("low precedence went before normal")
	}
	// Half of what follows is big's, however many it has.
	for range 20 {
		queue = append(queue, c.item("200-0000000005", "main", "small", "m"))
	}
	batch, _ = f.take(queue, 10)
	if n := len(slices.DeleteFunc(batch, func(it *item) bool { return it.Vars.Tenant == "big" })); n != 5 {
		t.Errorf("%d of 10 are of the small tenant", n)
	}
}

// TestNothingIsSavedUp: who had a provider for himself does not pay for it when somebody else comes.
func TestNothingIsSavedUp(t *testing.T) {
	t.Parallel()
	var c crowd
	var f fair
	for range 100 {
		if batch, rest := f.take([]*item{c.item("200-1", "main", "a", "m")}, 10); len(batch) != 1 || len(rest) != 0 {
			t.Fatal("it was alone")
		}
	}
	var queue []*item
	for _, tenant := range []string{"b", "a"} {
		for range 50 {
			queue = append(queue, c.item("200-1", "main", tenant, "m"))
		}
	}
	batch, _ := f.take(queue, 10)
	if n := len(slices.DeleteFunc(batch, func(it *item) bool { return it.Vars.Tenant == "b" })); n != 5 {
		t.Errorf("%d of 10 are of the tenant that was there before", n)
	}
}

// TestFreeRides: who fills up the runs of others, which would go out with fewer orders else, does not pay for all of it.
func TestFreeRides(t *testing.T) {
	t.Parallel()
	const limit = 10
	var c crowd
	var f fair
	var queue []*item
	add := func(n int, tenant, module string) {
		for range n {
			queue = append(queue, c.item("200-1", "main", tenant, module))
		}
	}
	add(400, "a", "m")
	add(400, "d", "n")
	add(1, "e0", "x0")
	for i := 1; i <= 30; i++ { // newcomers lead batches of m, which a fills, and d's service stays what it is
		add(1, fmt.Sprint("b", i), "m")
		add(1, fmt.Sprint("e", i), fmt.Sprint("x", i))
		for range 2 {
			_, queue = f.take(queue, limit)
		}
	}
	waited := 0
	for {
		var batch []*item
		if batch, queue = f.take(queue, limit); slices.ContainsFunc(batch, func(it *item) bool { return it.Vars.Tenant == "a" }) {
			break
		}
		if waited++; waited > 2 {
			t.Fatal("a waits because of the room that others left it")
		}
	}
	// All of them are cancelled.
	if f.take([]*item{c.item("300-1", "main", "a", "m"), c.item("300-1", "main", "b", "n")}, 1); len(f.classes) != 1 {
		t.Errorf("%d classes are remembered", len(f.classes))
	}
}

// TestRelativePriority sorts the orders of one tenant, not those of several.
func TestRelativePriority(t *testing.T) {
	t.Parallel()
	var c crowd
	var f fair
	queue := []*item{}
	for _, s := range []struct {
		tenant   string
		relative float64
	}{{"a", 3}, {"a", 1}, {"a", 2}, {"a", 1}, {"b", 9}} {
		it := c.item("200-1", "main", s.tenant, "m")
		it.RelativePriority = s.relative
		queue = append(queue, it)
	}
	if batch, _ := f.take(queue, 5); !slices.Equal(seqs(batch), []int{2, 5, 4, 3, 1}) {
		t.Errorf("batch of %v", seqs(batch))
	}
}

// TestLowPrecedenceGoes: constant high precedence delays the rest, but not for ever.
func TestLowPrecedenceGoes(t *testing.T) {
	t.Parallel()
	var c crowd
	var f fair
	queue := []*item{c.item("900-1", "main", "", "m"), c.item("900-2", "main", "", "m")}
	var went []int
	for i := range 3 * patience {
		for range 4 {
			queue = append(queue, c.item("100-1", "main", "a", "m"))
		}
		var batch []*item
		if batch, queue = f.take(queue, 2); batch[0].precedence() == "900" {
			went = append(went, i)
			if len(batch) != 2 || batch[1].precedence() != "100" {
				t.Errorf("the batch of the oldest holds %v", seqs(batch))
			}
		}
	}
	if !slices.Equal(went, []int{patience, 2*patience + 1}) {
		t.Errorf("the oldest went with batches %v", went)
	}
}

// TestFair draws arrivals and batches: none is lost or goes out twice, a batch is within its bound and of one module,
// one tenant's orders of a module keep their order, nobody's first waits for more batches than there are others (and
// those that the precedence costs), and with one module nobody who waits gets two more than another who waits.
func TestFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c crowd
		var f fair
		limit := rapid.IntRange(1, 12).Draw(t, "batch")
		mods := []string{"m", "n", "o"}[:rapid.IntRange(1, 3).Draw(t, "modules")]
		precedences := []string{"200-", "100-", "900-"}[:rapid.IntRange(1, 3).Draw(t, "precedences")]
		tenants := []string{"a", "b", "c", "d"}
		var queue []*item
		type who struct {
			precedence string
			share
		}
		of := func(it *item) who { return who{it.precedence(), it.share()} }
		came, went := 0, map[*item]bool{}
		served := map[who]int{}     // since
		since := map[who]int{}      // the batch since which it has always had something waiting
		firstAt := map[who]int{}    // the batch before which the head of its line became that
		last := map[[2]string]int{} // seq by who and module
		batches := 0
		for range rapid.IntRange(1, 60).Draw(t, "rounds") {
			for range rapid.IntRange(0, 15).Draw(t, "arrivals") {
				it := c.item(rapid.SampledFrom(precedences).Draw(t, "precedence")+"1", rapid.SampledFrom([]string{"main", "side"}).Draw(t, "pool"), rapid.SampledFrom(tenants).Draw(t, "tenant"), rapid.SampledFrom(mods).Draw(t, "module"))
				it.solo = len(mods) > 1 && rapid.IntRange(1, 20).Draw(t, "solo") == 1
				queue = append(queue, it)
				came++
			}
			for _, it := range queue {
				if w := of(it); since[w] == 0 {
					since[w], served[w] = batches+1, 0
					if _, ok := firstAt[w]; !ok {
						firstAt[w] = batches
					}
				}
			}
			before := len(queue)
			batch, rest := f.take(queue, limit)
			if len(batch) > limit || len(batch)+len(rest) != before || before > 0 && len(batch) == 0 {
				t.Fatalf("a batch of %d of %d, %d left", len(batch), before, len(rest))
			}
			batches++
			for i, it := range batch {
				if went[it] {
					t.Fatalf("%d went out twice", it.seq)
				}
				went[it] = true
				if it.base != batch[0].base || len(batch) > 1 && it.solo {
					t.Fatalf("order %d of the batch: %s with %s, solo %v", i, it.base.Name, batch[0].base.Name, it.solo)
				}
				key := [2]string{fmt.Sprint(of(it)), it.base.Name}
				if !it.solo {
					if it.seq < last[key] {
						t.Fatalf("%d went after %d of the same tenant", it.seq, last[key])
					}
					last[key] = it.seq
				}
				served[of(it)]++
				delete(firstAt, of(it))
			}
			queue = rest
			if !slices.IsSortedFunc(queue, func(a, b *item) int { return a.seq - b.seq }) {
				t.Fatal("the rest is out of order")
			}
			waits := map[who]bool{}
			for _, it := range queue {
				if went[it] {
					t.Fatalf("%d went and waits", it.seq)
				}
				waits[of(it)] = true
			}
			for w := range since {
				if !waits[w] {
					delete(since, w)
					delete(served, w)
					delete(firstAt, w)
				}
			}
			for a := range since {
				// Eight shares of the same precedence, each of which may owe a batch.
				if at, ok := firstAt[a]; ok && len(precedences) == 1 && batches-at > 8*(limit+1) {
					t.Fatalf("%v's first waits for %d batches", a, batches-at)
				}
				for b := range since {
					if len(mods) == 1 && a.precedence == b.precedence && since[a] == since[b] && served[a]-served[b] > 2 {
						t.Fatalf("%v got %d, %v %d since batch %d", a, served[a], b, served[b], since[a])
					}
				}
			}
		}
		for len(queue) > 0 {
			var batch []*item
			batch, queue = f.take(queue, limit)
			for _, it := range batch {
				went[it] = true
			}
		}
		if len(went) != came {
			t.Fatalf("%d came, %d went", came, len(went))
		}
		if f.take(nil, limit); len(f.classes) > 0 {
			t.Fatalf("%d classes are remembered for nobody", len(f.classes))
		}
	})
}

func seqs(items []*item) (s []int) {
	for _, it := range items {
		s = append(s, it.seq)
	}
	return s
}
