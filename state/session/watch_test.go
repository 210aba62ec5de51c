package session_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestSubscriptionAndHandlerBothHear(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	events := make(chan zk.Event, 1)
	s.OnEvent(func(ev zk.Event) { events <- ev })
	sub, other := s.Subscribe("/x"), s.Subscribe("/x")
	other.Stop()
	if exists, _, err := s.ExistsW(ctx, "/x"); exists || err != nil {
		t.Fatal(exists, err)
	}
	if _, err := s.Create(ctx, "/x", nil, 0); err != nil {
		t.Fatal(err)
	}
	<-sub.Wake()
	if ev := <-events; ev.Type != zk.EventNodeCreated || ev.Path != "/x" {
		t.Errorf("%+v", ev)
	}
	select {
	case <-other.Wake():
		t.Error("a stopped subscription was woken")
	default:
	}
	sub.Stop()
}

// Changes made while the connection was away must fire every watch, although
// the session is busy at the moment of the reconnect: the library then stamps
// the watches it re-sends with a zxid that is too new (see watchFloor).
func TestBusySessionMissesNoWatchOverAReconnect(t *testing.T) {
	ctx := t.Context()
	srv, root := zktest.Shared(t)
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Chroot: root, Timeout: patient})
	direct := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: root})

	// Long names make many packets of re-sent watches.
	const n = 4000
	paths := make([]string, n)
	for i := range paths {
		paths[i] = fmt.Sprintf("/%s-%04d", strings.Repeat("x", 150), i)
	}
	each(t, paths, func(ctx context.Context, p string) error { _, err := direct.Create(ctx, p, nil, 0); return err })

	var mu sync.Mutex
	fired := map[string]bool{}
	all := make(chan struct{})
	s.OnEvent(func(ev zk.Event) {
		mu.Lock()
		defer mu.Unlock()
		if fired[ev.Path] = true; len(fired) == n {
			close(all)
		}
	})
	each(t, paths, func(ctx context.Context, p string) error { _, _, err := s.GetW(ctx, p); return err })

	proxy.Cut()
	waitSuspended(t, s)
	each(t, paths, func(ctx context.Context, p string) error { _, err := direct.Set(ctx, p, nil, -1); return err })

	busy, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	for range 100 {
		readers.Go(func() {
			for busy.Err() == nil {
				_, _, _ = s.Get(busy, "/")
			}
		})
	}
	proxy.Restore()
	select {
	case <-all:
	case <-s.Done():
		t.Error(s.Err())
	case <-ctx.Done():
		t.Error("not every watch fired")
	}
	stop()
	readers.Wait()
}

func each(t *testing.T, paths []string, do func(context.Context, string) error) {
	t.Helper()
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(64)
	for _, p := range paths {
		g.Go(func() error { return do(ctx, p) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
