package reconciler

import (
	"testing"
	"time"

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
	if err := a.Close(ctx); err != nil {
		t.Fatal(err)
	}
	others, err := b.Others(ctx)
	if err != nil || len(others) != 1 {
		t.Fatal(others, err)
	}
	p := &peers{store: b, stuck: map[string]stuck{}}
	if _, nodes, ok := p.takeOne(ctx, others[0], "w", time.Hour); !ok || len(nodes) > 0 {
		t.Errorf("nodes %v, ok %t", nodes, ok)
	}
	if left, err := b.Of(ctx, "a"); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
