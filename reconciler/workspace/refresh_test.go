package workspace

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	simcloud "github.com/nodepool-tf/nodepool-tf/testdata/provider"
)

func always(string) bool { return true }

// vanishing is a bench whose nodes are files of testdata/provider, which can be made to vanish. Its refreshes wait while
// the file hold is there.
func vanishing(t *testing.T, opts ...func(*Options)) (b *bench, books, hold string, order func(node string) Order) {
	t.Helper()
	config, err := simcloud.Mirror(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_CLI_CONFIG_FILE", config)
	books, hold = t.TempDir(), filepath.Join(t.TempDir(), "hold")
	slow := func(o *Options) {
		path := filepath.Join(t.TempDir(), "engine")
		write(t, path, fmt.Sprintf("#!/bin/sh\ncase $TF_CLI_ARGS_apply in *refresh-only*) while test -e %s; do sleep 0.05; done;; esac\nexec %s \"$@\"\n", hold, o.Engine.Path))
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
		o.Engine.Path = path
	}
	b = newBench(t, append(opts, slow)...)
	write(t, filepath.Join(b.source, "main.tf"), serverModule)
	order = func(node string) Order {
		return b.order(node, func(o *Order) {
			delete(o.Spec.Inputs, "hand")
			o.Spec.RequiredProviders = map[string]modules.RequiredProvider{"simcloud": {Source: simcloud.Source, Version: "~> 0.1"}}
			o.Spec.ProviderConfig = map[string]any{"simcloud": map[string]any{"books": books, "token": "t"}}
		})
	}
	return b, books, hold, order
}

// server is the id of a node's server.
func (b *bench) server(node string) string {
	b.t.Helper()
	var holds []execute.Holding
	b.eventually("nobody is at work on node "+node, func() (ok bool) { holds, ok = b.m.Holding(node); return ok })
	for _, h := range holds {
		if h.Type == "simcloud_server" {
			return h.ID
		}
	}
	b.t.Fatalf("node %s has no server: %v", node, holds)
	return ""
}

func (b *bench) vanish(books, node string) {
	b.t.Helper()
	if err := os.Remove(filepath.Join(books, b.server(node)+".server")); err != nil {
		b.t.Fatal(err)
	}
}

// refreshed has a node's workspace compared with the cloud and waits for the end of it.
func (b *bench) refreshed(node string) {
	b.t.Helper()
	b.m.RefreshNode(node)
	b.eventually("the workspace was compared", func() bool {
		b.m.Upkeep(0, always)
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		ws := b.m.byNode[node][0].ws
		return ws.due.IsZero() && !ws.busy
	})
}

// TestVanishedOfABatch: of three nodes in one workspace one vanishes. It is found, also by the next daemon, and can be
// destroyed although nothing of it is left but its result; its neighbours are as they were.
func TestVanishedOfABatch(t *testing.T) {
	b, books, _, order := vanishing(t, func(o *Options) { o.Batch = 3 })
	b.together(order("1"), order("2"), order("3"))
	b.eventually("the run has ended", func() bool { return b.m.Stats().Creating == 0 })
	kept := []string{b.server("1"), b.server("3")}
	b.refreshed("1")
	if peak := b.m.Stats().Providers["cloud"].BackgroundPeak; peak < 30<<20 {
		t.Errorf("what it takes was not learned: %d bytes", peak)
	}
	if v := b.m.Vanished(); len(v) != 0 {
		t.Fatalf("nothing has vanished: %+v", v)
	}
	b.vanish(books, "2")
	b.refreshed("1")
	check := func() {
		t.Helper()
		if v := b.m.Vanished(); len(v) != 1 || v[0].Node != "2" || v[0].Had != 2 || v[0].Has != 1 {
			t.Fatalf("vanished: %+v", v)
		}
	}
	check()
	b.restart(func() {})
	b.eventually("the workspaces are settled", func() bool { return len(b.m.Vanished()) > 0 })
	check()
	b.destroy("2")
	if v := b.m.Vanished(); len(v) != 0 {
		t.Errorf("vanished: %+v", v)
	}
	for i, n := range []string{"1", "3"} {
		if id := b.server(n); id != kept[i] || !exists(filepath.Join(books, id+".server")) {
			t.Errorf("node %s: server %s, was %s", n, id, kept[i])
		}
	}
	b.destroy("1", "3")
	b.gone()
}

// TestRefreshOutlivesTheDaemon: a refresh that goes on while the daemon is replaced is followed, its nodes stay, and one
// that is to go meanwhile goes when it has ended.
func TestRefreshOutlivesTheDaemon(t *testing.T) {
	b, _, hold, order := vanishing(t)
	b.m.Launch(order("1"))
	b.created("1")
	b.m.Launch(order("2"))
	b.created("2")
	write(t, hold, "")
	b.m.RefreshNode("1")
	running := func() bool {
		b.m.Upkeep(0, always)
		run, err := execute.Adopt(b.m.byNode["1"][0].ws.dir)
		return err == nil && run != nil && run.Job.Kind == execute.Refresh
	}
	b.eventually("a refresh runs", running)
	b.restart(func() {})
	if o, ok := b.m.State("1"); !ok || o.Kind != Created {
		t.Errorf("node 1 is %+v", o)
	}
	b.m.Destroy("1")
	time.Sleep(200 * time.Millisecond) // nothing is to happen
	if got := b.kinds("1"); got != "" {
		t.Errorf("node 1 is %s while its workspace is compared", got)
	}
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	b.wait("1", Destroyed, DestroyFailed)
	if o, ok := b.m.State("2"); !ok || o.Kind != Created {
		t.Errorf("node 2 is %+v", o)
	}
	b.destroy("2")
	b.gone()
}

// TestRefreshPace: workspaces come one after the other, each about once per interval, those first that are most
// overdue; what is at work, doomed or of no wanted provider is left alone.
func TestRefreshPace(t *testing.T) {
	b := newBench(t)
	b.launch("1", "2", "3")
	b.created("1", "2", "3")
	b.eventually("nothing is under way", func() bool {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		for _, ws := range b.m.workspaces {
			if !b.m.refreshable(ws) {
				return false
			}
		}
		return true
	})
	b.m.Upkeep(time.Hour, always)
	b.m.mu.Lock()
	for _, ws := range b.m.workspaces {
		if until := time.Until(ws.due); until < 29*time.Minute || until > time.Hour {
			t.Errorf("a new workspace is due in %s", until)
		}
		ws.rec.Created = time.Now().Add(-24 * time.Hour)
		ws.due = time.Time{}
	}
	b.m.mu.Unlock()
	b.m.Upkeep(time.Hour, always)
	b.m.mu.Lock()
	one := b.m.byNode["1"][0].ws
	for _, ws := range b.m.workspaces {
		if until := time.Until(ws.due); until < 0 || until > time.Hour {
			t.Errorf("an old workspace is due in %s", until)
		}
		ws.due = time.Now().Add(-time.Minute)
	}
	one.due = time.Now().Add(-time.Hour)
	b.m.mu.Unlock()
	b.m.Upkeep(time.Hour, func(string) bool { return false })
	b.m.mu.Lock()
	if len(b.m.upkeep.jobs) != 0 {
		t.Error("a workspace of a provider that nobody wants was compared")
	}
	b.m.mu.Unlock()
	b.m.Upkeep(time.Hour, always)
	b.m.Upkeep(time.Hour, always)
	b.eventually("it is compared", func() bool {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		return !b.m.upkeep.refreshes["cloud"].pending
	})
	b.m.mu.Lock()
	for _, ws := range b.m.workspaces {
		if overdue := ws.due.Before(time.Now()); overdue == (ws == one) {
			t.Errorf("workspace of the first node: %v, still overdue: %v", ws == one, overdue)
		}
		ws.due = time.Now().Add(-time.Minute)
	}
	if !b.m.upkeep.refreshes["cloud"].rested.After(time.Now()) {
		t.Error("there is no rest")
	}
	for _, s := range one.rec.Slots {
		s.Doomed = true
		if b.m.refreshable(one) {
			t.Error("what is doomed would be compared")
		}
		s.Doomed = false
	}
	b.m.mu.Unlock()
	if got := b.times("1") + b.times("2") + b.times("3"); got != 3 {
		t.Errorf("made %d times", got)
	}
	b.destroy("1", "2", "3")
	b.gone()
}

// TestFirstRefresh: it is due within the interval whatever the clock does, which is set while launchers run.
func TestFirstRefresh(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		age  time.Duration
		r    float64
		want time.Duration
	}{
		"new, early":      {0, 0, 30 * time.Second},
		"new, late":       {0, 1, time.Minute},
		"a little older":  {10 * time.Second, 0.5, 35 * time.Second},
		"old, early":      {time.Hour, 0, 0},
		"old, late":       {time.Hour, 1, time.Minute},
		"from the future": {-time.Hour, 1, time.Minute},
	} {
		got := firstRefresh(now, now.Add(-c.age).Round(0), time.Minute, c.r)               // as a record gives it: without the clock that only goes on
		if d := got.Sub(now).Round(time.Millisecond); d != c.want || got == got.Round(0) { // the last: a clock that is set moves it
			t.Errorf("%s: due in %s, %v", name, d, got)
		}
	}
}

// TestOfNoSlot: what a workspace's state holds of no slot goes with the last of its nodes.
func TestOfNoSlot(t *testing.T) {
	b := newBench(t)
	b.launch("1")
	b.created("1")
	dir := b.folders()[0]
	b.eventually("the run has ended", func() bool { return b.m.Stats().Creating == 0 })
	trace := filepath.Join(b.hand, "extra")
	write(t, filepath.Join(dir, "extra.tf"), fmt.Sprintf("resource \"terraform_data\" \"extra\" {\n  provisioner \"local-exec\" {\n    command = \"touch %s\"\n  }\n  provisioner \"local-exec\" {\n    when    = destroy\n    command = \"rm %s\"\n  }\n}\n", trace, trace))
	cmd := exec.CommandContext(t.Context(), b.opts.Engine.Path, "apply", "-auto-approve", "-refresh=false", "-target=terraform_data.extra")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !exists(trace) {
		t.Fatal("the resource of no slot was not made")
	}
	b.destroy("1")
	b.gone()
	if exists(trace) {
		t.Error("the resource of no slot is still there")
	}
}
