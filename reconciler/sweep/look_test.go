package sweep

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// made is an instance of a node, made by a launcher, "" for one without that tag.
func made(id, node, launcher string) Resource {
	tags := map[string]string{modules.TagProvider: "p", modules.TagNodeID: node, modules.TagPool: "main"}
	if launcher != "" {
		tags[modules.TagLauncher] = launcher
	}
	return Resource{Type: "vm", ID: id, Tags: tags}
}

// world is a cloud and what is known of it.
type world struct {
	memory  Memory
	at      time.Time
	listed  []Resource
	records map[string]bool
	held    map[string]bool
	states  map[string][]Key
	busy    map[string]bool
}

func newWorld(listed ...Resource) *world {
	return &world{at: start, listed: listed, records: map[string]bool{}, held: map[string]bool{}, states: map[string][]Key{}, busy: map[string]bool{}}
}

func (w *world) live(nodes ...string) *world {
	for _, n := range nodes {
		w.records[n], w.held[n] = true, true
		w.listed = append(w.listed, made("i-"+n, n, "me"))
		w.states[n] = []Key{{"vm", "i-" + n}}
	}
	return w
}

// look lists after a while.
func (w *world) look(after time.Duration) Verdict {
	w.at = w.at.Add(after)
	return w.memory.Look(&Sighting{
		At: w.at, Provider: "p", Launcher: "me", Listed: w.listed, Margin: time.Hour,
		Kin:      func(id string) bool { return id != "alien" },
		Recorded: func(n string) bool { return w.records[n] },
		Held:     func(n string) bool { return w.held[n] },
		State: func(n string) (map[Key]bool, bool) {
			holds := map[Key]bool{}
			for _, k := range w.states[n] {
				holds[k] = true
			}
			return holds, !w.busy[n]
		},
	})
}

func ids(leaks []Leak) string {
	var out []string
	for _, l := range leaks {
		out = append(out, l.ID)
	}
	return strings.Join(out, " ")
}

func (w *world) wants(t *testing.T, v Verdict, leaked, fresh, remove string) {
	t.Helper()
	if diff := cmp.Diff([]string{leaked, fresh, remove}, []string{ids(v.Leaked), ids(v.New), ids(v.Remove)}); diff != "" {
		t.Errorf("%s after the start: leaked, new, to be removed (-want +got):\n%s", w.at.Sub(start), diff)
	}
}

// TestTwoSightings: one is not enough, nor are two that are too near; it is reported once.
func TestTwoSightings(t *testing.T) {
	w := newWorld(made("x", "9", "me")).live("1", "2")
	v := w.look(0)
	w.wants(t, v, "", "", "")
	if v.Again != Gap || v.Candidates != 1 {
		t.Errorf("%+v", v)
	}
	w.wants(t, w.look(59*time.Second), "", "", "")
	w.wants(t, w.look(time.Second), "x", "x", "x")
	w.wants(t, w.look(time.Minute), "x", "", "x")
}

// TestBroken: a sighting in between that does not show it, or knows it, begins all over.
func TestBroken(t *testing.T) {
	for name, between := range map[string]func(*world) func(){
		"not listed": func(w *world) func() {
			all := w.listed
			w.listed = all[1:]
			return func() { w.listed = all }
		},
		"recorded": func(w *world) func() { w.records["9"] = true; return func() { delete(w.records, "9") } },
		"held":     func(w *world) func() { w.held["9"] = true; return func() { delete(w.held, "9") } },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(made("x", "9", "me")).live("1", "2")
			w.look(0)
			undo := between(w)
			w.wants(t, w.look(2*time.Minute), "", "", "")
			undo()
			w.wants(t, w.look(2*time.Minute), "", "", "")
			w.wants(t, w.look(2*time.Minute), "x", "x", "x")
		})
	}
}

// TestNotOurs: what does not bear our provider's name and a node, or belongs to another installation, is never leaked.
func TestNotOurs(t *testing.T) {
	other := made("other-provider", "9", "me")
	other.Tags[modules.TagProvider] = "q"
	none := Resource{Type: "vm", ID: "untagged"}
	image := made("image", "", "me")
	delete(image.Tags, modules.TagNodeID)
	w := newWorld(other, none, image, made("alien", "9", "alien")).live("1", "2")
	for range 5 {
		v := w.look(24 * time.Hour)
		w.wants(t, v, "", "", "")
		if v.Candidates != 0 || v.Aliens != 1 {
			t.Errorf("%+v", v)
		}
	}
}

// TestAnothers: what another launcher made, or nobody knows who, may still be in the making.
func TestAnothers(t *testing.T) {
	old := made("old", "8", "sister")
	old.Created = start.Add(-time.Hour)
	w := newWorld(made("x", "9", "sister"), made("y", "7", ""), old).live("1", "2", "3", "4", "5")
	w.look(0)
	w.wants(t, w.look(30*time.Minute), "old", "old", "old")
	w.listed = append(w.listed[:2:2], w.listed[3:]...)
	w.wants(t, w.look(29*time.Minute), "", "", "")
	w.wants(t, w.look(time.Minute), "x y", "x y", "x")
}

// TestFutureBirth: a cloud's clock that is ahead makes nothing older or younger than what we saw.
func TestFutureBirth(t *testing.T) {
	r := made("x", "9", "sister")
	r.Created = start.Add(24 * time.Hour)
	w := newWorld(r).live("1", "2")
	w.look(0)
	w.wants(t, w.look(59*time.Minute), "", "", "")
	w.wants(t, w.look(time.Minute), "x", "x", "x")
}

// TestShare: at most a tenth of what is ours, at least one.
func TestShare(t *testing.T) {
	w := newWorld()
	for i := range 10 {
		w.listed = append(w.listed, made(fmt.Sprintf("x%d", i), fmt.Sprintf("9%d", i), "me"))
	}
	for i := range 25 {
		w.live(fmt.Sprint(i))
	}
	w.look(0)
	v := w.look(Gap)
	if ids(v.Remove) != "x0 x1 x2" || len(v.Leaked) != 10 || v.Refused != "" {
		t.Errorf("remove %q of %d, %s", ids(v.Remove), len(v.Leaked), v.Refused)
	}
	if v = w.look(time.Minute); ids(v.Remove) != "x3 x4 x5" {
		t.Errorf("those that could not be removed keep the others from it: %q", ids(v.Remove))
	}
}

// TestHalf: when more than half looks leaked and does not say that a launcher of this tree made it, something is wrong.
func TestHalf(t *testing.T) {
	for name, c := range map[string]struct {
		leaked, live int
		launcher     string
		refused      bool
	}{
		"half":                         {8, 8, "me", false},
		"more than half, our own":      {9, 8, "me", false},
		"all, our own":                 {6, 0, "me", false},
		"all, another's":               {6, 0, "sister", false},
		"half, nobody's":               {8, 8, "", false},
		"more than half, nobody's":     {9, 8, "", true},
		"one of another's, in company": {1, 1, "sister", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			for i := range c.leaked {
				w.listed = append(w.listed, made(fmt.Sprintf("x%d", i), fmt.Sprintf("9%d", i), c.launcher))
			}
			for i := range c.live {
				w.live(fmt.Sprint(i))
			}
			w.look(0)
			v := w.look(2 * time.Hour)
			if (v.Refused != "") != c.refused || (len(v.Remove) == 0) != c.refused || len(v.New) != c.leaked {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestStray: what a killed attempt made for a node that lives with what the next attempt made.
func TestStray(t *testing.T) {
	w := newWorld(made("x", "1", "me")).live("1", "2")
	w.look(0)
	v := w.look(Gap)
	w.wants(t, v, "x", "x", "x")
	if !v.Leaked[0].Stray {
		t.Error("not told as one")
	}
}

// TestNoStray: where anything is in doubt, the live node's record protects all that bears its id.
func TestNoStray(t *testing.T) {
	for name, doubt := range map[string]func(*world){
		"a run is at work":                 func(w *world) { w.busy["1"] = true },
		"the state knows it":               func(w *world) { w.states["1"] = append(w.states["1"], Key{"vm", "x"}) },
		"the state knows nothing":          func(w *world) { w.states["1"] = nil },
		"ids are not the list's":           func(w *world) { w.states["1"] = []Key{{"vm", "zone/i-1"}} },
		"the state's own is not listed":    func(w *world) { w.states["1"] = append(w.states["1"], Key{"vm", "i-1b"}) },
		"another type":                     func(w *world) { w.states["1"] = []Key{{"disk", "i-1"}} },
		"no workspace of ours":             func(w *world) { delete(w.held, "1") },
		"another launcher made it":         func(w *world) { w.listed[0] = made("x", "1", "sister") },
		"of a type of which there is one":  func(w *world) { w.listed[0].Type = "disk" },
		"nobody knows which launcher's it": func(w *world) { w.listed[0] = made("x", "1", "") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(made("x", "1", "me")).live("1", "2", "3")
			doubt(w)
			w.look(0)
			w.wants(t, w.look(2*time.Hour), "", "", "")
		})
	}
}

// TestMissing: a node of which something was listed is suspected after two lists without it, once.
func TestMissing(t *testing.T) {
	w := newWorld().live("1", "2")
	all := w.listed
	w.look(0)
	w.listed = all[1:]
	v := w.look(time.Minute)
	if len(v.Missing) != 0 || v.Again == 0 {
		t.Errorf("after one list: %+v", v)
	}
	if v = w.look(time.Minute); strings.Join(v.Missing, " ") != "1" {
		t.Errorf("after two lists: %+v", v)
	}
	if v = w.look(time.Minute); len(v.Missing) != 0 {
		t.Errorf("after three lists: %+v", v)
	}
	w.listed = all
	w.look(time.Minute)
	w.listed = all[1:]
	w.look(time.Minute)
	delete(w.records, "1") // deleted in the usual way
	for range 5 {
		if v = w.look(time.Minute); len(v.Missing) != 0 {
			t.Errorf("a deleted node is missing: %+v", v)
		}
	}
}
