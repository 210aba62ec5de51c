package sweep

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// TestNeverTooMuch: whatever a cloud shows and in whatever order, nothing is to be removed that is not ours, that
// somebody knows, or that two sightings a minute apart did not both show; and never more than the budget.
func TestNeverTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		launchers := []string{"me", "sister", "alien", ""}
		pool := map[Key]Resource{}
		for i := range rapid.IntRange(1, 40).Draw(t, "resources") {
			r := made(fmt.Sprintf("x%d", i), fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "node")), rapid.SampledFrom(launchers).Draw(t, "launcher"))
			if rapid.IntRange(0, 9).Draw(t, "provider") == 0 {
				r.Tags[modules.TagProvider] = "q"
			}
			pool[r.Key()] = r
		}
		suspectSince := map[Key]time.Time{} // worked out here, simply
		for range rapid.IntRange(1, 8).Draw(t, "sightings") {
			w.listed = nil
			for i := range len(pool) {
				if r, ok := pool[Key{"vm", fmt.Sprintf("x%d", i)}]; ok && rapid.IntRange(0, 9).Draw(t, "listed") > 0 {
					w.listed = append(w.listed, r)
				}
			}
			for n := range 13 {
				node := fmt.Sprint(n)
				w.records[node] = rapid.Bool().Draw(t, "recorded")
				w.held[node] = rapid.Bool().Draw(t, "held")
			}
			v := w.look(time.Duration(rapid.IntRange(1, 7200).Draw(t, "seconds")) * time.Second)
			since, ours, unsigned := map[Key]time.Time{}, 0, 0
			for _, r := range w.listed {
				mine := r.Tags[modules.TagProvider] == "p" && r.Tags[modules.TagLauncher] != "alien"
				if mine {
					ours++
				}
				if mine && !w.records[r.Node()] && !w.held[r.Node()] {
					if r.Tags[modules.TagLauncher] == "" {
						unsigned++
					}
					since[r.Key()] = w.at
					if first, ok := suspectSince[r.Key()]; ok {
						since[r.Key()] = first
					}
				}
			}
			suspectSince = since
			for _, l := range v.Remove {
				first, ok := since[l.Key()]
				if !ok || w.at.Sub(first) < Gap || l.Tags[modules.TagLauncher] != "me" && w.at.Sub(first) < time.Hour {
					t.Fatalf("%v is to be removed", l)
				}
			}
			if len(v.Remove) > max(1, ours/10) || v.Refused != "" && len(v.Remove) > 0 {
				t.Fatalf("%d of %d are to be removed, refused %q", len(v.Remove), ours, v.Refused)
			}
			if 2*len(since) > ours && unsigned > 0 && len(v.Remove) > 0 {
				t.Fatalf("%d of %d look leaked, and %d are to be removed", len(since), ours, len(v.Remove))
			}
		}
	})
}
