package setback

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

var start = time.Unix(1_000_000, 0)

// at is a time of the tables, in seconds.
func sec(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Second))) }

// newLabel is a label with some alternatives.
func newLabel(provider, pool, name string, alternatives int) *config.PoolLabel {
	return &config.PoolLabel{Name: name, Pool: &config.Pool{Name: pool, Provider: &config.Provider{Name: provider}}, Alternatives: make([]*modules.Spec, alternatives)}
}

// noDice draws no jitter.
func noDice() float64 { return 0 }

func show(s State) string {
	out := [...]string{"free", "held", "due"}[s.Hold]
	if s.Hold != Free {
		out += fmt.Sprintf(" since %v until %v x%d", s.Since.Sub(start).Seconds(), s.Until.Sub(start).Seconds(), s.Times)
	}
	if s.Reason != "" {
		out += " " + s.Reason
	}
	return out
}

func TestCurve(t *testing.T) {
	var got []string
	for _, c := range []curve{quotaCurve, capacityCurve} {
		for times := range 8 {
			got = append(got, c.after(times).String())
		}
	}
	want := "30s 30s 1m0s 2m0s 4m0s 5m0s 5m0s 5m0s 1m0s 1m0s 2m0s 4m0s 8m0s 10m0s 10m0s 10m0s"
	if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
		t.Error(diff)
	}
	if d := quotaCurve.after(1 << 30); d != 5*time.Minute {
		t.Error(d)
	}
	for _, dice := range []float64{0, 0.5, 0.999} {
		if d := jitter(time.Minute, dice); d > time.Minute || d < 45*time.Second {
			t.Errorf("dice %v: %s", dice, d)
		}
	}
}

// step is one line of a story: at a time, an attempt that began at another, fails or succeeds, and what holds then.
type step struct {
	now   float64
	what  string // fail, ok, look, freed
	began float64
	want  string
}

func tell(t *testing.T, name string, steps []step, do func(what string, began, now time.Time) State) {
	t.Helper()
	for i, s := range steps {
		if got := show(do(s.what, sec(s.began), sec(s.now))); got != s.want {
			t.Errorf("%s, step %d (%s at %v): %s, want %s", name, i+1, s.what, s.now, got, s.want)
		}
	}
}

func TestQuota(t *testing.T) {
	for name, steps := range map[string][]step{
		"doubles to five minutes": {
			{0, "fail", -5, "held since 0 until 30 x1"}, {29, "look", 0, "held since 0 until 30 x1"}, {30, "look", 0, "due since 0 until 30 x1"},
			{31, "fail", 30, "held since 31 until 91 x2"}, {92, "fail", 91, "held since 92 until 212 x3"}, {213, "fail", 212, "held since 213 until 453 x4"},
			{454, "fail", 453, "held since 454 until 754 x5"}, {755, "fail", 754, "held since 755 until 1055 x6"},
		},
		"a burst counts once": {
			{0, "fail", -5, "held since 0 until 30 x1"}, {1, "fail", -4, "held since 0 until 30 x1"}, {29, "fail", -3, "held since 0 until 30 x1"},
		},
		"a slow one of the burst renews the wait, no more": {{0, "fail", -5, "held since 0 until 30 x1"}, {40, "fail", -4, "held since 40 until 70 x1"}},
		"a success clears it":                              {{0, "fail", -5, "held since 0 until 30 x1"}, {35, "ok", 31, "free"}, {36, "fail", 35, "held since 36 until 66 x1"}},
		"a success begun before it says nothing":           {{0, "fail", -5, "held since 0 until 30 x1"}, {35, "ok", -1, "due since 0 until 30 x1"}},
		"what became free ends the wait":                   {{0, "fail", -5, "held since 0 until 30 x1"}, {3, "freed", 0, "due since 0 until 3 x1"}, {5, "fail", 4, "held since 5 until 65 x2"}},
		"nothing to end":                                   {{0, "freed", 0, "free"}},
		"long ago is forgotten":                            {{0, "fail", -5, "held since 0 until 30 x1"}, {31, "fail", 30, "held since 31 until 91 x2"}, {392, "fail", 391, "held since 392 until 422 x1"}},
		"not quite so long ago is not":                     {{0, "fail", -5, "held since 0 until 30 x1"}, {31, "fail", 30, "held since 31 until 91 x2"}, {391, "fail", 390, "held since 391 until 511 x3"}},
		"an end after its wait does not extend it":         {{0, "fail", -5, "held since 0 until 30 x1"}, {31, "freed", 0, "due since 0 until 30 x1"}},
	} {
		m, l := New(noDice), newLabel("a", "main", "small", 0)
		tell(t, name, steps, func(what string, began, now time.Time) State {
			switch what {
			case "fail":
				if s := m.QuotaUsedUp(l, began, now); s != m.Quota(Pool{"a", "main"}, now) {
					t.Errorf("%s: %s", name, show(s))
				}
			case "ok":
				m.Succeeded(newLabel("a", "main", "another", 0), 0, began, now)
			case "freed":
				m.Freed("a", now)
			}
			m.Freed("b", now)
			return m.Quota(Pool{"a", "main"}, now)
		})
		if s := m.Quota(Pool{"a", "side"}, start); s.Hold != Free {
			t.Errorf("%s: another pool: %s", name, show(s))
		}
	}
}

func TestRefused(t *testing.T) {
	for name, steps := range map[string][]step{
		"a new label stops at once, for longer and longer": {
			{0, "fail", -1, "held since 0 until 60 x1 no 0"}, {60, "look", 0, "due since 0 until 60 x1 no 0"}, {62, "fail", 61, "held since 62 until 182 x2 no 62"},
			{183, "fail", 182, "held since 183 until 423 x3 no 183"}, {424, "fail", 423, "held since 424 until 904 x4 no 424"}, {905, "fail", 904, "held since 905 until 1505 x5 no 905"},
			{1506, "fail", 1505, "held since 1506 until 2106 x6 no 1506"},
		},
		"one bad answer does not stop a label that works": {{0, "ok", -9, "free"}, {10, "fail", 9, "free"}, {11, "look", 0, "free"}},
		"the second in a row does":                        {{0, "ok", -9, "free"}, {10, "fail", 9, "free"}, {12, "fail", 11, "held since 12 until 72 x1 no 12"}},
		"of a burst one counts":                           {{0, "ok", -9, "free"}, {10, "fail", 9, "free"}, {11, "fail", 9, "free"}, {12, "fail", 9.5, "free"}, {13, "fail", 10, "held since 13 until 73 x1 no 13"}},
		"a success in between":                            {{0, "ok", -9, "free"}, {10, "fail", 9, "free"}, {11, "ok", 5, "free"}, {13, "fail", 12, "free"}, {15, "fail", 14, "held since 15 until 75 x1 no 15"}},
		"two with a long time in between":                 {{0, "ok", -9, "free"}, {10, "fail", 9, "free"}, {611, "fail", 610, "free"}, {612, "fail", 611.5, "held since 612 until 672 x1 no 612"}},
		"a success of long ago speaks for nothing":        {{0, "ok", -9, "free"}, {3600, "fail", 3599, "held since 3600 until 3660 x1 no 3600"}},
		"a success clears a stop":                         {{0, "fail", -1, "held since 0 until 60 x1 no 0"}, {61, "ok", 60, "free"}, {70, "fail", 69, "free"}},
		"also of a launch begun before it":                {{0, "fail", -1, "held since 0 until 60 x1 no 0"}, {5, "ok", -3, "free"}},
		"those under way change nothing":                  {{0, "fail", -1, "held since 0 until 60 x1 no 0"}, {5, "fail", -1, "held since 0 until 60 x1 no 0"}},
		"a stop that nobody tried is one still":           {{0, "ok", -9, "free"}, {1, "fail", 0, "free"}, {2, "fail", 1, "held since 2 until 62 x1 no 2"}, {900, "fail", 899, "held since 900 until 960 x1 no 900"}},
	} {
		m, l := New(noDice), newLabel("a", "main", "small", 0)
		other := newLabel("a", "main", "large", 0)
		tell(t, name, steps, func(what string, began, now time.Time) State {
			switch what {
			case "fail":
				before := m.Label(l, now)
				s, stops := m.Refused(l, fmt.Sprintf("no %v", now.Sub(start).Seconds()), began, now)
				if held := m.Label(l, now); s != held || stops != (held.Hold == Held && held.Since != before.Since) {
					t.Errorf("%s: at %s says %s, %v", name, now.Sub(start), show(s), stops)
				}
			case "ok":
				m.Succeeded(l, 0, began, now)
			}
			if s := m.Label(other, now); s.Hold != Free {
				t.Errorf("%s: another label: %s", name, show(s))
			}
			return m.Label(l, now)
		})
	}
}

func TestChoose(t *testing.T) {
	m, l := New(noDice), newLabel("a", "main", "small", 2)
	check := func(now float64, tried []int, want string) {
		t.Helper()
		i, ok := m.Choose(l, tried, sec(now))
		_, exhausted := m.Exhausted(l, sec(now))
		if got := fmt.Sprintf("%d %v, soonest %d, exhausted %v", i, ok, m.Soonest(l), exhausted); got != want {
			t.Errorf("at %v: %s, want %s", now, got, want)
		}
	}
	check(0, nil, "0 true, soonest 0, exhausted false")
	check(0, []int{0}, "1 true, soonest 0, exhausted false")
	check(0, []int{0, 1, 2}, "0 false, soonest 0, exhausted false")
	m.NoCapacity(l, 0, sec(-1), sec(0)) // until 60
	check(1, nil, "1 true, soonest 1, exhausted false")
	check(60, nil, "0 true, soonest 1, exhausted false")
	m.NoCapacity(l, 1, sec(1), sec(5))  // until 65
	m.NoCapacity(l, 2, sec(5), sec(10)) // until 70
	check(11, nil, "0 false, soonest 0, exhausted true")
	m.NoCapacity(l, 0, sec(11), sec(12)) // until 132
	check(13, nil, "0 false, soonest 1, exhausted true")
	check(65, nil, "1 true, soonest 1, exhausted false")
	check(65, []int{1}, "0 false, soonest 1, exhausted false")
	m.Succeeded(l, 2, sec(9), sec(66)) // was granted before it was refused
	check(66, []int{1}, "0 false, soonest 1, exhausted false")
	m.Succeeded(l, 0, sec(12), sec(67))
	check(67, nil, "0 true, soonest 0, exhausted false")
	m.NoCapacity(l, Unknown, sec(68), sec(69))
	m.Succeeded(l, Unknown, sec(68), sec(69))
	check(69, nil, "0 true, soonest 0, exhausted false")
}

// TestNothingKnown: a nil memory can be asked.
func TestNothingKnown(t *testing.T) {
	var m *Memory
	l := newLabel("a", "main", "small", 1)
	i, ok := m.Choose(l, nil, start)
	_, exhausted := m.Exhausted(l, start)
	if i != 0 || !ok || exhausted || m.Label(l, start) != (State{}) || m.Quota(Pool{"a", "main"}, start) != (State{}) {
		t.Error("it knows something")
	}
}
