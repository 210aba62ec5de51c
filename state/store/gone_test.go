package store_test

import (
	"testing"
	"time"

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
