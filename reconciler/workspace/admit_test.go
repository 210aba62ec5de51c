package workspace

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

func TestRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit, creating, destroying, background int
		create, destroy, refresh                bool
	}{
		{1, 0, 0, 0, true, true, true},
		{1, 1, 0, 0, false, false, false},
		{1, 0, 1, 0, false, false, false},
		{1, 0, 0, 1, true, true, false},
		{2, 0, 0, 0, true, true, true},
		{2, 1, 0, 0, true, true, false},
		{2, 0, 0, 1, true, true, false},
		{2, 1, 0, 1, false, false, false},
		{2, 2, 0, 0, false, false, false},
		{4, 2, 0, 0, true, true, true},
		{4, 3, 0, 0, false, true, false},
		{4, 3, 1, 0, false, false, false},
		{4, 0, 3, 0, true, false, false},
		{4, 2, 1, 1, false, false, false},
		{8, 5, 0, 0, true, true, true},
		{8, 6, 0, 0, false, true, true},
		{8, 6, 2, 0, false, false, false},
		{8, 1, 6, 0, true, false, false},
	} {
		r := runs{c.creating, c.destroying, c.background}
		for k, want := range map[execute.Kind]bool{execute.Create: c.create, execute.Destroy: c.destroy, execute.Refresh: c.refresh, execute.List: c.refresh} {
			if got := r.room(c.limit, k); got != want {
				t.Errorf("limit %d, %+v: room for a %s %v", c.limit, r, k, got)
			}
		}
	}
}

func TestFits(t *testing.T) {
	t.Parallel()
	two := []need{{applies: 300, first: 100}, {first: 200}}
	for _, c := range []struct {
		limit int64
		all   []need
		k     execute.Kind
		est   int64
		want  bool
	}{
		{0, two, execute.Create, 9999, true},
		{600, two, execute.Create, 100, true},                                               // 400 and 200 that are kept
		{599, two, execute.Create, 100, false},                                              // there would be 199
		{300, two[1:], execute.Create, 100, true},                                           // the other 100 are its own
		{399, []need{{applies: 100, first: 100}, {first: 9000}}, execute.Create, 100, true}, // kept is no more than half, 199
		{399, []need{{applies: 100, first: 100}, {first: 9000}}, execute.Create, 101, false},
		{600, two, execute.Refresh, 100, true},
		{599, two, execute.Refresh, 100, false},
		{500, []need{{first: 200}, {first: 200}}, execute.Refresh, 101, true},  // a refresh takes nothing from what is kept
		{500, []need{{first: 200}, {first: 200}}, execute.Refresh, 9999, true}, // half is free: it would never run
		{500, []need{{first: 200}, {first: 100, applies: 51}}, execute.Refresh, 200, true},
		{500, []need{{first: 200}, {first: 100, applies: 51}}, execute.Refresh, 201, false},
		{500, []need{{first: 200, background: 200}, {applies: 301}}, execute.Destroy, 0, false},
	} {
		if got := fits(c.limit, c.all, 0, c.k, c.est); got != c.want {
			t.Errorf("%s of %d beside %+v under %d: %v", c.k, c.est, c.all, c.limit, got)
		}
	}
}

func TestPeaks(t *testing.T) {
	t.Parallel()
	var p peaks
	if p.of(execute.Create) != unlearned || p.of(execute.Refresh) != unlearned {
		t.Error("nothing was learned, but it is not what Terraform alone takes")
	}
	const mib = 1 << 20
	p.learn(execute.Create, 400*mib)
	p.learn(execute.Create, 0) // killed
	if p.of(execute.Create) != 400*mib || p.of(execute.Destroy) != 400*mib {
		t.Errorf("%+v: a destroy before the first is as large as a create", p)
	}
	p.learn(execute.Destroy, 75*mib)
	if p.of(execute.Destroy) != 75*mib || p.of(execute.Create) != 400*mib || p.of(execute.List) != 400*mib {
		t.Errorf("%+v", p)
	}
	for range 5 {
		p.learn(execute.Create, 80*mib)
	}
	if got := p.of(execute.Create) / mib; got < 200 || got > 300 {
		t.Errorf("after five small runs %d MiB are left of 400", got)
	}
	p.learn(execute.Create, 500*mib)
	if p.of(execute.Create) != 500*mib {
		t.Error("a larger peak counts at once")
	}
}

// scheduler is a manager that starts nothing.
func scheduler(o Options, providers ...string) *Manager {
	o.ProviderConfig = nil
	if o.ProviderLimit == nil {
		o.ProviderLimit = func(string) int { return 0 }
	}
	if o.ProviderMemory == nil {
		o.ProviderMemory = func(string) int64 { return 0 }
	}
	m := &Manager{opts: o, ctx: context.Background(), lanes: map[string]*lane{}}
	for _, p := range providers {
		m.lane(p)
	}
	return m
}

// TestBounds: whatever is asked for in whatever order, the bounds hold as admit.go says, and no provider waits for
// another's runs to end.
func TestBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := make([]string, rapid.IntRange(1, 6).Draw(t, "providers"))
		own, ownMemory := map[string]int{}, map[string]int64{}
		size := rapid.Int64Range(1, 400)
		for i := range names {
			names[i] = fmt.Sprint("p", i)
			own[names[i]] = rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 5}).Draw(t, "own limit")
			ownMemory[names[i]] = rapid.SampledFrom([]int64{0, 0, 0, 50, 500}).Draw(t, "own memory")
		}
		limit := rapid.Int64Range(1, 4000).Draw(t, "memory")
		m := scheduler(Options{
			MaxApplies: rapid.IntRange(1, 40).Draw(t, "runs"), MaxMemory: limit,
			ProviderLimit: func(p string) int { return own[p] }, ProviderMemory: func(p string) int64 { return ownMemory[p] },
		}, names...)
		sum, side, largest := int64(0), int64(0), map[string]int64{} // F; B; the largest of any kind
		for _, l := range m.turn {
			l.peaks = peaks{size.Draw(t, "create"), size.Draw(t, "destroy"), size.Draw(t, "background")}
			sum += l.need().first
			side = max(side, l.peaks.background)
			largest[l.provider] = max(l.need().first, l.peaks.background)
		}
		over := max(0, side-limit/2)
		bound := limit + max(0, sum-limit/2) + over
		kinds := []execute.Kind{execute.Create, execute.Destroy, execute.Refresh, execute.List}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			l := rapid.SampledFrom(m.turn).Draw(t, "provider")
			k := rapid.SampledFrom(kinds).Draw(t, "kind")
			if *l.runs.of(k) > 0 && rapid.IntRange(1, 5).Draw(t, "ends") == 1 {
				m.count(l.provider, k, -1)
				continue
			}
			may := m.may(l, k)
			if !background(k) && l.runs.applies() == 0 && !may {
				t.Fatalf("%s waits with %+v", l.provider, l.runs)
			}
			if background(k) && may && (l.runs.background > 0 || m.opts.MaxApplies > 1 && m.runs.total()+1 >= m.opts.MaxApplies) {
				t.Fatalf("a %s takes the last of %d runs, or the provider's second: %+v of %+v", k, m.opts.MaxApplies, l.runs, m.runs)
			}
			if !may {
				continue
			}
			first := !background(k) && l.runs.applies() == 0
			m.count(l.provider, k, 1)
			total, most := int64(0), m.opts.MaxApplies+len(names)-1
			for _, other := range m.turn {
				n := other.need()
				total += n.applies + n.background
			}
			if m.opts.MaxApplies == 1 {
				most++ // the background gives way
			}
			if total > bound || !first && total > limit+over {
				t.Fatalf("%d of memory, bound %d, limit %d, first %v", total, bound, limit, first)
			}
			if m.runs.total() > most || m.runs.background > max(1, m.opts.MaxApplies/8) {
				t.Fatalf("%+v with a bound of %d over %d providers", m.runs, m.opts.MaxApplies, len(names))
			}
			if n := own[l.provider]; n > 0 && l.runs.total() > n && (n > 1 || l.runs.applies() > 1) {
				t.Fatalf("%+v with an own bound of %d", l.runs, n)
			}
			if n := l.need(); ownMemory[l.provider] > 0 && n.applies+n.background > max(ownMemory[l.provider], n.background+largest[l.provider]) {
				t.Fatalf("%+v with an own bound of %d", n, ownMemory[l.provider])
			}
		}
	})
}
