package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

func TestOneNode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.m.Launch(b.order("1", output("az", `"zone-${output.id}"`)))
	o := b.wait("1", Created, Failed)
	if o.Fields.InterfaceIP != "127.0.0.1" || !strings.HasPrefix(o.Fields.AZ, "zone-") || o.Attempt != 1 || o.Request != "r1" || o.Provider != "cloud" || o.Pool != "main" || o.Label != "small" {
		t.Errorf("outcome %+v", o)
	}
	if !b.m.Holds("1") || b.m.Holds("2") {
		t.Error("holds the wrong nodes")
	}
	b.eventually("its run has ended", func() bool { return b.m.Stats().Creating == 0 })
	for _, dir := range append(b.folders(), filepath.Join(b.dir, "workspaces"), filepath.Join(b.dir, "bases"), filepath.Join(b.dir, "modules")) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v, want mode 700", dir, info, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(b.folders()[0], "*"))
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || !info.IsDir() && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v, want mode 600", f, info, err)
		}
	}
	b.destroy("1")
	b.gone()
	if got := b.kinds("1"); got != "applying created destroyed" {
		t.Errorf("told %q", got)
	}
	if _, ok := b.m.State("1"); ok {
		t.Error("a destroyed node has a state")
	}
	// Asked again, as the launcher may at any time.
	b.destroy("1", "never-seen")
}

// TestEarlyHandOver: each node of a run is handed over when its own resources are complete, while a neighbour is still
// being made.
func TestEarlyHandOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.say("2", "hold")
	b.batch(b.order("1"), b.order("2"), b.order("3"))
	first := b.wait("1", Created, Failed)
	if b.opts.Engine.Product == "terraform" {
		third := b.wait("3", Created, Failed)
		if second := b.wait("2", Applying); first.Workspace != second.Workspace || third.Workspace != second.Workspace {
			t.Error("the nodes do not share a run")
		}
	}
	b.made("2")
	if o, _ := b.m.State("2"); o.Kind != Applying || b.m.Stats().Creating != 1 {
		t.Errorf("node 2 is %s, %+v", o.Kind, b.m.Stats())
	}
	b.unsay("2", "hold")
	b.created("2", "3")
	b.destroy("first", "1", "2", "3")
	b.gone()
	for _, n := range []string{"1", "2", "3"} {
		if got := b.kinds(n); got != "applying created destroyed" {
			t.Errorf("node %s told %q", n, got)
		}
	}
}

// TestFailingNeighbour: a node that fails leaves the others of its run alive, and its destruction too.
func TestFailingNeighbour(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.say("2", "fail")
	b.batch(b.order("1"), b.order("2"), b.order("3"))
	b.created("1", "3")
	o := b.wait("2", Failed, Created)
	if !strings.Contains(o.Err.Error(), "it fails") || !strings.Contains(o.Err.Error(), "apply workspace cloud-") || o.Class() != execute.Unknown {
		t.Errorf("error %v of class %s", o.Err, o.Class())
	}
	// A second attempt goes its own way, before or after what is left of the first is destroyed.
	b.destroy("2")
	b.unsay("2", "fail")
	b.m.Launch(b.order("2", attempt(2)))
	if o := b.wait("2", Created); o.Attempt != 2 {
		t.Errorf("created attempt %d", o.Attempt)
	}
	for _, n := range []string{"1", "3"} {
		if b.times(n) != 1 || b.kinds(n) != "applying created" {
			t.Errorf("node %s was made %d times: %s", n, b.times(n), b.kinds(n))
		}
	}
	b.destroy("1", "2", "3", "first")
	b.gone()
}

// TestSplit: a run that fails before anything was made does not cost the innocent an attempt; they go out alone.
func TestSplit(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.batch(b.order("1"), b.order("2", with("extra", "bad")), b.order("3"))
	b.created("1", "3")
	o := b.wait("2", Failed, Created)
	if o.Class() != execute.Config || !strings.Contains(o.Err.Error(), "extra must not be bad") {
		t.Errorf("error %v of class %s", o.Err, o.Class())
	}
	if o := b.heard("1")[len(b.heard("1"))-1]; o.Attempt != 1 || b.times("1") != 1 {
		t.Errorf("the innocent: %+v, made %d times", o, b.times("1"))
	}
	b.destroy("first", "1", "2", "3")
	b.gone()
}

// TestDestroyFails: it is tried again, with back-off, until it succeeds; neighbours are not touched.
func TestDestroyFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.batch(b.order("1"), b.order("2"))
	b.created("1", "2")
	b.say("1", "keep")
	b.m.Destroy("1")
	o := b.wait("1", DestroyFailed)
	if !strings.Contains(o.Err.Error(), "it stays") {
		t.Errorf("error %v", o.Err)
	}
	if s, ok := b.m.State("1"); !ok || s.Kind != DestroyFailed {
		t.Errorf("state %+v", s)
	}
	b.m.Destroy("1") // as the launcher does
	b.eventually("it failed again", func() bool {
		b.m.Tick()
		return strings.Count(b.kinds("1"), string(DestroyFailed)) > 1
	})
	b.m.mu.Lock()
	for _, ws := range b.m.workspaces {
		if _, ok := ws.rec.Slots["n1"]; ok && ws.failures < 2 {
			t.Errorf("%d failures are counted", ws.failures)
		}
	}
	b.m.mu.Unlock()
	b.unsay("1", "keep")
	b.wait("1", Destroyed)
	if !exists(b.file("2", "made")) {
		t.Error("the neighbour is gone")
	}
	b.destroy("2", "first")
	b.gone()
}

// TestDestroyAtAnyTime: while an order waits, while its module is initialised, while its apply runs.
func TestDestroyAtAnyTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.launch("0")
	b.destroy("0")
	if b.times("0") > 1 {
		t.Error("made twice")
	}
	b.say("1", "hold")
	b.launch("1")
	b.made("1")
	b.launch("2")
	b.destroy("2")
	if got := b.kinds("2"); got != "destroyed" {
		t.Errorf("told %q of an order that waited", got)
	}
	b.m.Destroy("1")
	if s, ok := b.m.State("1"); !ok || s.Kind != DestroyFailed {
		t.Errorf("state %+v of a node that is being made and to be destroyed", s)
	}
	b.unsay("1", "hold")
	b.wait("1", Destroyed, Created, Failed)
	b.gone()
}

func TestLaunchTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.say("1", "hold")
	b.launch("1", "1")
	b.made("1")
	b.launch("1")
	b.unsay("1", "hold")
	b.created("1")
	b.launch("1")
	if b.m.Stats().Waiting != 0 || b.times("1") != 1 {
		t.Errorf("%+v, made %d times", b.m.Stats(), b.times("1"))
	}
	b.destroy("1")
	b.gone()
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.say("1", "hold")
	b.launch("1")
	b.made("1")
	b.launch("2", "3")
	if b.m.Cancel("1") {
		t.Error("an apply that runs was cancelled")
	}
	if !b.m.Cancel("2") || b.m.Cancel("2") || b.m.Cancel("never-seen") {
		t.Error("an order that waits was not cancelled once")
	}
	if b.m.Holds("2") {
		t.Error("a cancelled order is held")
	}
	b.unsay("1", "hold")
	b.created("1", "3")
	if exists(b.file("2", "made")) || b.kinds("2") != "" {
		t.Errorf("the cancelled node: %q", b.kinds("2"))
	}
	b.destroy("1", "3")
	b.gone()
}

// TestDrain: nothing new starts, what runs is waited for.
func TestDrain(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.say("1", "hold")
	b.launch("1")
	b.made("1")
	b.launch("2")
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		b.m.Drain(t.Context())
	}()
	b.eventually("it drains", func() bool {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		return b.m.draining
	})
	b.unsay("1", "hold")
	<-drained
	if b.kinds("1") != "applying created" || b.kinds("2") != "" {
		t.Errorf("after the drain: %q, %q", b.kinds("1"), b.kinds("2"))
	}
	b.restart(func() {})
	if s, ok := b.m.State("2"); ok {
		t.Errorf("an order that never began is known: %+v", s)
	}
	b.destroy("1")
	b.gone()
}
