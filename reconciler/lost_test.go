package reconciler

import (
	"errors"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestMain(m *testing.M) { zktest.Main(m) }

// TestLockAllOfAnAnsweredRequest: a request that looks pending, but was answered a moment before the session was lost, is
// left alone, and not kept locked.
func TestLockAllOfAnAnsweredRequest(t *testing.T) {
	srv, chroot := zktest.Shared(t)
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	ctx := t.Context()
	for _, p := range []string{requestsPath, requestLocksPath, nodesPath} {
		if err := s.EnsurePath(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	r := &record.Request{ID: "200-0000000001", NodeTypes: []string{"small"}}
	r.SetState(record.RequestFulfilled, time.Now())
	if _, err := s.Create(ctx, requestPath(r.ID), r.Encode(), 0); err != nil {
		t.Fatal(err)
	}
	lp := &loop{s: s}
	if _, _, err := lp.lockAll(ctx, desire.Resume{Request: r.ID}); !errors.Is(err, errNotOurs) {
		t.Errorf("got %v, want %v", err, errNotOurs)
	}
	if held, err := lock.Contenders(ctx, s, requestLockPath(r.ID)); err != nil || len(held) > 0 {
		t.Errorf("still locked: %v, %v", held, err)
	}
}
