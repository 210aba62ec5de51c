package workspace

import (
	"maps"
	"slices"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// TestSetLimits: other bounds count from the next run on, and those under way go on. A provider that is gone keeps its
// lane as long as it has something, one that is new has room kept for it.
func TestSetLimits(t *testing.T) {
	t.Parallel()
	m := scheduler(Options{Dir: t.TempDir(), MaxApplies: 2}, "busy", "waits", "idle")
	m.draining = true // the test begins runs itself
	var c crowd
	m.feed(&c, "busy", 20, 0)
	begin := func() (n int) {
		for _, k := m.begin(); k != ""; _, k = m.begin() {
			n++
		}
		return n
	}
	if n := begin(); n != 2 {
		t.Fatalf("%d runs", n)
	}
	m.SetLimits(Limits{MaxApplies: 8, Providers: []string{"new"}})
	if n := begin(); n != 4 { // all but the last quarter
		t.Errorf("%d more runs", n)
	}
	if got := slices.Sorted(maps.Keys(m.lanes)); !slices.Equal(got, []string{"busy", "new"}) {
		t.Errorf("lanes %v", got)
	}
	m.SetLimits(Limits{MaxApplies: 1, MaxMemory: 1, Providers: []string{"new"}})
	if n := begin(); n != 0 || m.runs.creating != 6 {
		t.Errorf("%d more runs, %d in all", n, m.runs.creating)
	}
	for m.runs.creating > 0 {
		m.count("busy", execute.Create, -1)
	}
	m.lane("busy").queue = nil
	m.SetLimits(Limits{Providers: []string{"new"}})
	if got := slices.Sorted(maps.Keys(m.lanes)); !slices.Equal(got, []string{"new"}) || len(m.turn) != 1 || m.opts.MaxApplies != defaultApplies {
		t.Errorf("lanes %v of %d, %d runs", got, len(m.turn), m.opts.MaxApplies)
	}
}
