package setback

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// TestMarksOfOfferings tells a memory at random what failed and what succeeded, and after each step asks about every
// offering what a plain list of the same events says: a fresh mark is honoured, time frees it, and another offering's,
// of whatever similar name, is never seen.
func TestMarksOfOfferings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dice := rapid.Float64Range(0, 0.999)
		m := New(func() float64 { return dice.Draw(t, "dice") })
		// Names that a key put together from text would confuse.
		name := rapid.SampledFrom([]string{"a", "b", "a/b", "a-1", "1", "", "a:b", "a\x00b"})
		var labels []*config.PoolLabel
		seen := map[[3]string]bool{}
		for range rapid.IntRange(2, 6).Draw(t, "labels") {
			n := [3]string{name.Draw(t, "provider"), name.Draw(t, "pool"), name.Draw(t, "label")}
			if !seen[n] {
				seen[n] = true
				labels = append(labels, newLabel(n[0], n[1], n[2], rapid.IntRange(0, 3).Draw(t, "alternatives")))
			}
		}
		type where struct{ label, choice int }
		marked := map[where][2]time.Time{} // not available before, available from
		now := start
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "passes")) * time.Second)
			i := rapid.IntRange(0, len(labels)-1).Draw(t, "of")
			l := labels[i]
			w := where{i, rapid.IntRange(0, l.Choices()-1).Draw(t, "choice")}
			// A copy, as after a reload: what counts is the name.
			l = newLabel(l.Pool.Provider.Name, l.Pool.Name, l.Name, l.Choices()-1)
			if rapid.Bool().Draw(t, "fails") {
				s := m.NoCapacity(l, w.choice, now, now)
				if s.Hold != Held || s.Until.Sub(now) < 45*time.Second || s.Until.Sub(now) > 10*time.Minute {
					t.Fatalf("marked %s from now", s.Until.Sub(now))
				}
				marked[w] = [2]time.Time{now, s.Until}
			} else {
				m.Succeeded(l, w.choice, now, now)
				delete(marked, w)
			}
			for _, later := range []time.Duration{0, time.Second, time.Minute, 10 * time.Minute} {
				at := now.Add(later)
				for i, l := range labels {
					var free []int
					soonest, best := 0, time.Time{}
					for c := range l.Choices() {
						if until := marked[where{i, c}][1]; !at.Before(until) {
							free = append(free, c)
						}
						if until := marked[where{i, c}][1]; c == 0 || until.Before(best) {
							soonest, best = c, until
						}
					}
					tried := rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 0, 2, rapid.ID[int]).Draw(t, "tried")
					free = slices.DeleteFunc(free, func(c int) bool { return slices.Contains(tried, c) })
					got, ok := m.Choose(l, tried, at)
					if ok != (len(free) > 0) || ok && got != free[0] {
						t.Fatalf("label %d at +%s without %v: choice %d %v, want the first of %v", i, later, tried, got, ok, free)
					}
					if got := m.Soonest(l); got != soonest {
						t.Fatalf("soonest %d, want %d", got, soonest)
					}
					if until, exhausted := m.Exhausted(l, at); exhausted != at.Before(best) || !until.Equal(best) {
						t.Fatalf("exhausted %v until %s, want until %s", exhausted, until, best)
					}
				}
			}
		}
		// Whatever happened, ten minutes later everything is free.
		for i, l := range labels {
			if c, ok := m.Choose(l, nil, now.Add(10*time.Minute)); !ok || c != 0 {
				t.Fatalf("label %d is marked for ever", i)
			}
		}
	})
}
