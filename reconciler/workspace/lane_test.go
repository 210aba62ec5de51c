package workspace

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// feed has a provider's creates and destroys wait.
func (m *Manager) feed(c *crowd, provider string, creates, destroys int) {
	l := m.lane(provider)
	for range creates {
		l.queue = append(l.queue, c.item("200-1", "main", "t", "m"))
	}
	for range destroys {
		l.destroys = append(l.destroys, &workspace{})
	}
}

// begin is dispatch without its effects: it takes what the chosen run takes, and counts it.
func (m *Manager) begin() (string, execute.Kind) {
	l, k := m.next()
	if l == nil {
		return "", ""
	}
	switch k {
	case execute.Create:
		_, l.queue = l.fair.take(l.queue, 1)
	case execute.Destroy:
		l.destroys = l.destroys[1:]
	default:
		l.chores = l.chores[1:]
	}
	m.count(l.provider, k, 1)
	return l.provider, k
}

// TestTurnAbout: with few runs and both kinds waiting all the time, each has its share.
func TestTurnAbout(t *testing.T) {
	t.Parallel()
	for limit := 1; limit <= 3; limit++ {
		for _, own := range []int{0, limit} {
			m := scheduler(Options{Dir: t.TempDir(), MaxApplies: limit, ProviderLimit: func(string) int { return own }})
			var c crowd
			var order []execute.Kind // of what runs, oldest first
			got := map[execute.Kind]int{}
			for range 100 {
				m.feed(&c, "p", 2, 2)
				for _, k := m.begin(); k != ""; _, k = m.begin() {
					order = append(order, k)
					got[k]++
				}
				if len(order) != limit {
					t.Fatalf("%d runs of %d", len(order), limit)
				}
				m.count("p", order[0], -1)
				order = order[1:]
			}
			if got[execute.Create] < 45 || got[execute.Destroy] < 45 || m.lane("p").queue[0] == nil {
				t.Errorf("limit %d: %v", limit, got)
			}
		}
	}
	m := scheduler(Options{Dir: t.TempDir(), MaxApplies: 1})
	m.feed(&crowd{}, "p", 1, 1)
	if _, k := m.begin(); k != execute.Create {
		t.Errorf("first comes a %s", k)
	}
}

// TestSlowProviderHasItsShare: with two providers busy, the one whose applies are slow does not end up with the runs.
func TestSlowProviderHasItsShare(t *testing.T) {
	t.Parallel()
	m := scheduler(Options{Dir: t.TempDir(), MaxApplies: 8})
	var c crowd
	m.feed(&c, "slow", 1000, 0)
	for _, k := m.begin(); k != ""; _, k = m.begin() {
	}
	if n := m.lane("slow").runs.creating; n != 6 {
		t.Fatalf("alone it has %d", n)
	}
	m.feed(&c, "quick", 1000, 0)
	if p, _ := m.begin(); p != "quick" {
		t.Fatal("a provider without a run waits")
	}
	for step := range 1000 {
		p := "quick"
		if step%50 == 49 {
			p = "slow"
		}
		m.count(p, execute.Create, -1)
		for _, k := m.begin(); k != ""; _, k = m.begin() {
		}
	}
	slow, quick := m.lane("slow").runs.creating, m.lane("quick").runs.creating
	if slow != 3 || quick != 3 {
		t.Errorf("slow has %d runs, quick %d", slow, quick)
	}
}

// TestLargeCreates: creates that do not fit beside destroys are not put off for ever by destroys that do.
func TestLargeCreates(t *testing.T) {
	t.Parallel()
	m := scheduler(Options{Dir: t.TempDir(), MaxApplies: 8, MaxMemory: 500})
	var c crowd
	l := m.lane("p")
	l.peaks = peaks{create: 400, destroy: 60}
	l.newest = execute.Create
	creates := 0
	for range 100 {
		m.feed(&c, "p", 1, 5)
		for _, k := m.begin(); k != ""; _, k = m.begin() {
		}
		k := execute.Destroy
		if l.runs.creating > 0 {
			k = execute.Create
			creates++
		}
		m.count("p", k, -1)
	}
	if creates < 10 {
		t.Errorf("%d creates among a hundred applies", creates)
	}
}

// TestSpareRun: what is left when each provider has as many runs goes from one to the next.
func TestSpareRun(t *testing.T) {
	t.Parallel()
	m := scheduler(Options{Dir: t.TempDir(), MaxApplies: 5})
	var c crowd
	got := map[string]int{}
	for range 30 {
		for _, p := range []string{"a", "b", "c"} {
			m.feed(&c, p, 2, 0)
		}
		for _, k := m.begin(); k != ""; _, k = m.begin() {
		}
		for p, l := range m.lanes {
			if l.runs.creating == 2 {
				got[p]++
				m.count(p, execute.Create, -1)
			}
		}
	}
	if got["a"] != 10 || got["b"] != 10 || got["c"] != 10 {
		t.Errorf("the spare run was had by %v", got)
	}
	// One that begins short runs again and again does not come before one that has waited longer.
	m = scheduler(Options{Dir: t.TempDir(), MaxApplies: 5}, "short", "long", "other")
	for _, p := range []string{"short", "long", "other"} {
		m.feed(&c, p, 9, 0)
		m.count(p, execute.Create, 1)
	}
	m.count("other", execute.Create, 1)
	m.count("short", execute.Create, -1)
	if p, _ := m.begin(); p != "short" {
		t.Fatalf("%s begins, not the one that has no run", p)
	}
	m.count("other", execute.Create, -1)
	if p, _ := m.begin(); p != "long" {
		t.Errorf("%s has the spare run", p)
	}
}

// TestChores: they wait for what else the provider has, their share of the runs is small, and none is queued twice.
func TestChores(t *testing.T) {
	t.Parallel()
	for limit, most := range map[int]int{1: 1, 2: 1, 8: 1, 16: 2, 32: 4} {
		m := scheduler(Options{Dir: t.TempDir(), MaxApplies: limit})
		var c crowd
		for i := range 10 {
			p := fmt.Sprint("p", i)
			for _, key := range []string{"a", "b", "a"} {
				m.enqueueChore(p, execute.Refresh, key, nil)
			}
			if n := len(m.lane(p).chores); n != 2 {
				t.Fatalf("%d chores wait", n)
			}
		}
		m.feed(&c, "p0", 1, 0)
		started := map[string]int{}
		for p, k := m.begin(); k != ""; p, k = m.begin() {
			if !background(k) {
				if p != "p0" || len(started) > 0 {
					t.Fatalf("%s begins a %s", p, k)
				}
				m.count(p, k, -1)
				m.feed(&c, p, 1, 0) // and more
				if m.chore(m.lane(p)) != "" {
					t.Fatal("a refresh would go before a create")
				}
				m.lane(p).queue = nil
				continue
			}
			started[p]++
		}
		if len(started) != most || m.runs.background != most {
			t.Errorf("%d runs: %v refreshed at one time", limit, started)
		}
		for p := range started {
			m.feed(&c, p, 0, 1)
			if got, k := m.begin(); got != p || k != execute.Destroy {
				t.Errorf("%d runs: %q begins a %q while %s has something to destroy", limit, got, k, p)
			}
		}
	}
}

// TestNobodyStarves: whatever comes, and whenever runs end, all that waits goes.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"p0", "p1", "p2"}[:rapid.IntRange(1, 3).Draw(t, "providers")]
		own := rapid.SampledFrom([]int{0, 1, 2, 4}).Draw(t, "own")
		m := scheduler(Options{
			Dir: dir, MaxApplies: rapid.IntRange(1, 6).Draw(t, "runs"), MaxMemory: rapid.SampledFrom([]int64{0, 1, 300, 1000}).Draw(t, "memory"),
			ProviderLimit: func(string) int { return own },
		}, names...)
		for _, l := range m.turn {
			size := rapid.Int64Range(50, 400)
			l.peaks = peaks{size.Draw(t, "create"), size.Draw(t, "destroy"), size.Draw(t, "background")}
		}
		var c crowd
		type run struct {
			provider string
			kind     execute.Kind
		}
		var under []run
		waits := map[run]int{}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			for _, p := range names { // there is always more of both
				m.feed(&c, p, 1, 1)
			}
			for p, k := m.begin(); k != ""; p, k = m.begin() {
				under = append(under, run{p, k})
				waits[run{p, k}] = 0
			}
			for _, p := range names {
				for _, k := range []execute.Kind{execute.Create, execute.Destroy} {
					if waits[run{p, k}]++; waits[run{p, k}] > 40 && *m.lane(p).runs.of(k) == 0 {
						t.Fatalf("%s waits to %s for %d ends of runs: %v", p, k, waits[run{p, k}], under)
					}
				}
			}
			if len(under) == 0 {
				t.Fatal("nothing runs, though everything waits")
			}
			i := rapid.IntRange(0, min(3, len(under)-1)).Draw(t, "ends") // one of the oldest
			m.count(under[i].provider, under[i].kind, -1)
			under = append(under[:i:i], under[i+1:]...)
		}
	})
}

// TestDestroyWaitsForItsTime: what is to be tried again later neither runs nor holds up others.
func TestDestroyWaitsForItsTime(t *testing.T) {
	t.Parallel()
	m := scheduler(Options{Dir: t.TempDir(), MaxApplies: 2})
	m.feed(&crowd{}, "p", 1, 2)
	l := m.lane("p")
	l.newest = execute.Create
	l.destroys[0].notAgain = time.Now().Add(time.Hour)
	l.destroys[1].notAgain = time.Now().Add(time.Hour)
	m.enqueueChore("p", execute.Refresh, "a", nil)
	if _, k := m.begin(); k != execute.Create {
		t.Errorf("a %q begins", k)
	}
	m.count("p", execute.Create, -1)
	if _, k := m.begin(); k != execute.Refresh {
		t.Errorf("a %q begins", k)
	}
}
