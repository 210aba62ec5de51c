package reconciler

import (
	"log/slog"
	"os/exec"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// TestSince: for how long a launcher has been gone is counted from its last death.
func TestSince(t *testing.T) {
	now := time.Now()
	before := now.Add(-time.Hour)
	left := map[string]bool{"p": true}
	for name, c := range map[string]struct {
		was  *peer
		is   store.Launcher
		gone time.Duration
		left bool
	}{
		"there":                       {nil, store.Launcher{Alive: true}, 0, false},
		"not known before":            {nil, store.Launcher{Gone: time.Minute}, time.Minute, false},
		"it has just died":            {&peer{alive: true}, store.Launcher{}, 0, false},
		"still gone":                  {&peer{version: 7, gone: before, left: left}, store.Launcher{Version: 7, Gone: time.Minute}, time.Hour, true},
		"it came and went in between": {&peer{version: 7, gone: before, left: left}, store.Launcher{Version: 8}, 0, false},
	} {
		got := since(c.was, c.is, now)
		if got.alive != c.is.Alive || got.version != c.is.Version || !got.alive && now.Sub(got.gone) != c.gone || (got.left != nil) != c.left {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestLookIsInTime: the wait for a launcher that is gone is over when it is over, and not at the next round of looks.
func TestLookIsInTime(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), zktest.Session(t)
	a, b := opened(t, s, "a"), opened(t, s, "b")
	if err := a.Close(ctx); err != nil {
		t.Fatal(err)
	}
	p := &peers{store: b, lp: &loop{l: &Launcher{manager: &workspace.Manager{}}}}
	if next := p.look(ctx); next != peersEvery {
		t.Errorf("it has just gone, and the next look is in %s", next)
	}
	p.known["a"].gone = time.Now().Add(time.Second - takeAfter)
	if next := p.look(ctx); next <= 0 || next > time.Second {
		t.Errorf("a second before its time is over the next look is in %s", next)
	}
}

func opened(t *testing.T, s *session.Session, id string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), s, store.Options{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// dies ends a launcher, and gives it as another one lists it then.
func dies(t *testing.T, st, other *store.Store) store.Launcher {
	t.Helper()
	if err := st.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	others, err := other.Others(t.Context())
	if err != nil || len(others) != 1 {
		t.Fatal(others, err)
	}
	return others[0]
}

// TestTakeOneWithoutACopy: a pointer to nothing goes, so that the launcher that left it can be forgotten.
func TestTakeOneWithoutACopy(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), zktest.Session(t)
	a, b := opened(t, s, "a"), opened(t, s, "b")
	if err := a.Put(ctx, "w", store.Document{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, "/nodepool-tf/workspaces/w", -1); err != nil {
		t.Fatal(err)
	}
	gone := dies(t, a, b)
	p := &peers{store: b, stuck: map[string]stuck{}}
	if _, nodes, ok := p.takeOne(ctx, gone, "w", time.Hour); !ok || len(nodes) > 0 {
		t.Errorf("nodes %v, ok %t", nodes, ok)
	}
	if left, err := b.Of(ctx, "a"); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestTakeOneOntoAFullDisk: what cannot be written is left where it is.
func TestTakeOneOntoAFullDisk(t *testing.T) {
	t.Parallel()
	ctx, s, dir := t.Context(), zktest.Session(t), t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: mount is not allowed here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	m, err := workspace.Open(workspace.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	a, b := opened(t, s, "a"), opened(t, s, "b")
	if err := a.Put(ctx, "w", store.Document{Provider: "p"}); err != nil {
		t.Fatal(err)
	}
	gone := dies(t, a, b)
	l := &Launcher{manager: m}
	l.cfg.Store(&config.Config{Providers: []*config.Provider{{Name: "p"}}})
	p := &peers{store: b, stuck: map[string]stuck{}, lp: &loop{l: l}}
	if provider, _, ok := p.takeOne(ctx, gone, "w", time.Hour); ok || provider != "p" {
		t.Errorf("provider %q, ok %t", provider, ok)
	}
	if left, err := b.Of(ctx, "a"); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestStrangersOutliveASession: sessions shorter than the wait for an owner that nobody knows do not begin it anew.
func TestStrangersOutliveASession(t *testing.T) {
	l := &Launcher{strangers: map[string]time.Time{}}
	l.cfg.Store(&config.Config{})
	one, two := newLoop(l, nil, nil).peers, newLoop(l, nil, nil).peers
	one.listed, two.listed = true, true
	if !one.foreign("gone", "p") {
		t.Error("deleted at first sight")
	}
	l.strangers["gone"] = l.strangers["gone"].Add(-takeAfter)
	if two.foreign("gone", "p") {
		t.Error("the next session waits anew")
	}
}
