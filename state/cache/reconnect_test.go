package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// patient is a session timeout that outlasts restarts on a busy machine.
const patient = 40 * time.Second

// While our line is cut others go on, and the server restarts on top of it.
func TestNothingIsMissedOverACutAndARestart(t *testing.T) {
	ctx := t.Context()
	srv := zktest.Start(t, zkserver.Options{})
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Timeout: patient})
	writer := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Timeout: patient})
	r := read(t, s)
	storm(t, writer, 0, 1000)
	compare(t, r, writer)
	id := s.ID()

	proxy.Cut()
	storm(t, writer, 300, 1000) // partly the same nodes
	inParallel(t, 250, func(ctx context.Context, i int) error {
		_, err := writer.Set(ctx, nodePath(i), node("while away"), -1)
		if errors.Is(err, zk.ErrNoNode) {
			return nil
		}
		return err
	})
	srv.Stop()
	if err := srv.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := writer.Delete(ctx, nodePath(2), -1); err != nil {
		t.Fatal(err)
	}
	proxy.Restore()
	compare(t, r, writer)
	storm(t, writer, 2000, 200) // every watch is in place again
	compare(t, r, writer)
	if s.ID() != id {
		t.Errorf("session %#x became %#x", id, s.ID())
	}
}

// The line goes up and down while changes keep coming.
func TestNothingIsMissedOnAFlappingLine(t *testing.T) {
	srv, chroot := zktest.Shared(t)
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Chroot: chroot, Timeout: patient})
	writer := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	r := read(t, s)
	var flapping sync.WaitGroup
	flapping.Go(func() {
		for range 4 {
			proxy.Cut()
			proxy.Restore()
			ctx, cancel := context.WithTimeout(t.Context(), patient)
			_ = s.WaitConnected(ctx)
			_, _, _ = s.Get(ctx, "/nodepool")
			cancel()
		}
	})
	storm(t, writer, 0, 4000)
	flapping.Wait()
	storm(t, writer, 4000, 200)
	compare(t, r, writer)
}

// The leader of three dies under load; the others carry session and watches on.
func TestNothingIsMissedWhenTheLeaderDies(t *testing.T) {
	ctx := t.Context()
	ensemble, err := zkserver.StartEnsemble(ctx, t.TempDir(), 3, zkserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ensemble.Stop)
	leader, err := ensemble.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// The cache talks to the leader first of all, so that it must move.
	addrs := ensemble.Addrs()
	proxy := zktest.Proxy(t, addrs[leader])
	servers := []string{proxy.Addr}
	for i, addr := range addrs {
		if i != leader {
			servers = append(servers, addr)
		}
	}
	s := zktest.Connect(t, session.Options{Servers: servers, Timeout: patient})
	writer := zktest.Connect(t, session.Options{Servers: addrs, Timeout: patient})
	r := read(t, s)
	id := s.ID()
	storm(t, writer, 0, 400)

	stormy, stop := context.WithCancel(ctx)
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; stormy.Err() == nil; i++ { // outcomes are unknown now and then
			_, err := writer.Create(stormy, nodePath(1000+i), node("under load"), 0)
			if err == nil && i%3 == 0 {
				_ = writer.Delete(stormy, nodePath(1000+i/2), -1)
			}
		}
	})
	ensemble.Kill(leader)
	if _, err := ensemble.Leader(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.WaitConnected(ctx); err != nil {
		t.Fatal(err)
	}
	stop()
	writing.Wait()
	storm(t, writer, 5000, 100)
	compare(t, r, writer)
	if s.ID() != id {
		t.Errorf("session %#x became %#x", id, s.ID())
	}
}

// After a storm the server holds one data watch for each node that is left and
// one child watch for each directory, no more and no fewer.
func TestEveryNodeHasItsWatch(t *testing.T) {
	ctx := t.Context()
	srv := zktest.Start(t, zkserver.Options{})
	writer := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}})
	r := read(t, zktest.Connect(t, session.Options{Servers: []string{srv.Addr}}))
	storm(t, writer, 0, 500)
	compare(t, r, writer)
	for i := range 5 {
		if _, err := writer.Set(ctx, nodePath(1), node(string(rune('a'+i))), -1); err != nil {
			t.Fatal(err)
		}
		compare(t, r, writer)
	}
	want := int64(len(r.nodes) + 3)
	if got, err := srv.Monitor(ctx, "zk_watch_count"); err != nil || got != want {
		t.Errorf("%d watches, want %d: %v", got, want, err)
	}
}
