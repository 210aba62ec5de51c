package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// TestNoteGone: how long a launcher has been gone outlives whoever saw it, and ends with its return.
func TestNoteGone(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	other := func(st *store.Store) store.Launcher {
		t.Helper()
		others := must[[]store.Launcher](t)(st.Others(ctx))
		for _, o := range others {
			if o.ID == "a" {
				return o
			}
		}
		return store.Launcher{}
	}
	a, b, c := open(t, "a"), open(t, "b"), open(t, "c")
	alive := other(b)
	if !alive.Alive || alive.Gone != 0 {
		t.Errorf("%+v", alive)
	}
	check(t, a.Close(ctx))
	dead := other(b)
	check(t, b.NoteGone(ctx, dead, 5*time.Second))
	check(t, b.NoteGone(ctx, dead, 10*time.Second))
	if o := other(c); o.Alive || o.Gone != 10*time.Second {
		t.Errorf("%+v", o)
	}

	a = open(t, "a")
	check(t, b.NoteGone(ctx, dead, time.Hour)) // it has not seen the return
	check(t, a.Close(ctx))
	if o := other(c); o.Alive || o.Gone != 0 {
		t.Errorf("gone again, and still for as long as before: %+v", o)
	}
	check(t, c.NoteGone(ctx, other(c), 3*time.Second))
	if o := other(b); o.Gone != 3*time.Second {
		t.Errorf("%+v", o)
	}
	check(t, b.Forget(ctx, "a"))
	if o := other(c); o.ID != "" {
		t.Errorf("not forgotten: %+v", o)
	}
	check(t, c.NoteGone(ctx, dead, time.Minute)) // of nobody any more
}

// TestTakeAfterASecondDeath: a launcher that was there in between may have begun a run, and its death counts anew.
func TestTakeAfterASecondDeath(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	a, b := open(t, "a"), open(t, "b")
	check(t, a.Put(ctx, "w", store.Document{Provider: "first"}))
	check(t, a.Put(ctx, "empty", store.Document{}))
	check(t, a.Close(ctx))
	first := seen(t, b, "a")
	a, s := openWith(t, store.Options{ID: "a"})
	check(t, a.Put(ctx, "w", store.Document{Provider: "second"}))
	check(t, a.Close(ctx))
	must[*zk.Stat](t)(s.Set(ctx, "/nodepool-tf/workspaces/empty", nil, -1))
	for _, id := range []string{"w", "empty"} {
		if _, err := b.Take(ctx, first, id); !errors.Is(err, store.ErrAlive) {
			t.Errorf("take %s by what was known of the first death: %v", id, err)
		}
	}
	second := seen(t, b, "a")
	if d, err := b.Take(ctx, second, "w"); err != nil || d.Provider != "second" {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := b.Take(ctx, second, "empty"); !errors.Is(err, store.ErrLost) {
		t.Error(err)
	}
}
