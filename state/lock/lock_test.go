package lock_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestOrder(t *testing.T) {
	a, b := "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	for _, c := range []struct {
		name           string
		children, want []string
	}{
		{"empty", nil, nil},
		{"by sequence, not by uuid", []string{b + "__lock__0000000001", a + "__lock__0000000002"}, []string{b + "__lock__0000000001", a + "__lock__0000000002"}},
		{"the counter overflowed", []string{a + "__lock__0000000001", b + "__lock__-2147483648"}, []string{b + "__lock__-2147483648", a + "__lock__0000000001"}},
		{
			"strangers are invisible",
			[]string{"_c_" + a + "-lock-0000000000", a + "__rlock__0000000000", "lease_holder", a + "__lock__00000001", a + "__lock__0000000003x", a + "__lock__0000000007"},
			[]string{a + "__lock__0000000007"},
		},
	} {
		if got := lock.Order(c.children); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAbsentNodeIsNotResurrected(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	if err := s.EnsurePath(ctx, "/nodepool/nodes"); err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Try(ctx, s, nodeLock, ""); !errors.Is(err, zk.ErrNoNode) {
		t.Errorf("try: %v", err)
	}
	if _, err := lock.Acquire(ctx, s, nodeLock, ""); !errors.Is(err, zk.ErrNoNode) {
		t.Errorf("acquire: %v", err)
	}
	if names, err := lock.Contenders(ctx, s, nodeLock); names != nil || err != nil {
		t.Errorf("contenders: %q %v", names, err)
	}
	if names, _, _ := s.Children(ctx, "/nodepool/nodes"); len(names) != 0 {
		t.Errorf("husks: %q", names)
	}
}

func TestNodeDeletedUnderAWaiter(t *testing.T) {
	ctx := t.Context()
	s, _ := both(t)
	holder, err := lock.Try(ctx, s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	other := zktest.Connect(t, options(t))
	type result struct {
		l   *lock.Lock
		err error
	}
	waiter := make(chan result)
	go func() {
		l, err := lock.Acquire(ctx, other, nodeLock, "")
		waiter <- result{l, err}
	}()
	waitContenders(t, s, 2)
	// The waiter may join again between two steps of the deletion.
	for err := zk.ErrNotEmpty; errors.Is(err, zk.ErrNotEmpty); {
		err = s.DeleteAll(ctx, "/nodepool/nodes/0000000042")
	}
	switch r := <-waiter; {
	case errors.Is(r.err, zk.ErrNoNode): // the deletion took its contender first
	case r.err == nil: // the deletion took the holder's contender first: it was the waiter's turn
		if _, err := other.Multi(ctx, r.l.Check()); !errors.Is(err, zk.ErrNoNode) {
			t.Errorf("the waiter's fence: %v", err)
		}
	default:
		t.Errorf("waiter: %v", r.err)
	}
	if exists, _, err := s.Exists(ctx, "/nodepool/nodes/0000000042"); exists || err != nil {
		t.Errorf("a husk is left: %v", err)
	}
	if _, err := s.Multi(ctx, holder.Check()); !errors.Is(err, zk.ErrNoNode) {
		t.Errorf("the holder's fence: %v", err)
	}
	if err := holder.Release(ctx); err != nil {
		t.Errorf("release of a lock that is gone: %v", err)
	}
}

func TestForcedUnlockOfAWaiterStartsOver(t *testing.T) {
	ctx := t.Context()
	s, _ := both(t)
	holder, err := lock.Try(ctx, s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	other := zktest.Connect(t, options(t))
	got := make(chan *lock.Lock)
	go func() {
		l, err := lock.Acquire(ctx, other, nodeLock, "")
		if err != nil {
			t.Error(err)
		}
		got <- l
	}()
	waitContenders(t, s, 2)
	names, err := lock.Contenders(ctx, s, nodeLock)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, nodeLock+"/"+names[1], -1); err != nil {
		t.Fatal(err)
	}
	if err := holder.Release(ctx); err != nil {
		t.Fatal(err)
	}
	if l := <-got; l.Contender() == nodeLock+"/"+names[1] {
		t.Error("holds with a contender that is gone")
	}
}

func TestCancelledWaiterLeavesNoContender(t *testing.T) {
	s, _ := both(t)
	holder, err := lock.Try(t.Context(), s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	other := zktest.Connect(t, options(t))
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := lock.Acquire(ctx, other, nodeLock, "")
		result <- err
	}()
	waitContenders(t, s, 2)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	waitContenders(t, s, 1)
	if err := holder.Release(t.Context()); err != nil {
		t.Error(err)
	}
	waitContenders(t, s, 0)
	l, err := lock.Try(t.Context(), other, nodeLock, "") // the in-process mutex is free, too
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGoroutinesOfOneSessionExcludeEachOther(t *testing.T) {
	ctx := t.Context()
	s, _ := both(t)
	l, err := lock.Try(ctx, s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Try(ctx, s, nodeLock, ""); !errors.Is(err, lock.ErrBusy) {
		t.Errorf("try beside the holder: %v", err)
	}
	if err := l.Release(ctx); err != nil {
		t.Fatal(err)
	}
	var inside, rounds atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				l, err := lock.Acquire(ctx, s, nodeLock, "")
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two inside")
				}
				rounds.Add(1)
				inside.Add(-1)
				if err := l.Release(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if rounds.Load() != 40 {
		t.Errorf("%d rounds", rounds.Load())
	}
}

func TestSessionsExcludeEachOther(t *testing.T) {
	ctx := t.Context()
	first, _ := both(t)
	sessions := []*session.Session{first, zktest.Connect(t, options(t)), zktest.Connect(t, options(t))}
	var inside, won atomic.Int32
	var wg sync.WaitGroup
	for _, s := range sessions {
		wg.Go(func() {
			for range 20 {
				l, err := lock.Try(ctx, s, nodeLock, "")
				if errors.Is(err, lock.ErrBusy) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two inside")
				}
				won.Add(1)
				inside.Add(-1)
				if err := l.Release(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if won.Load() == 0 {
		t.Error("nobody ever got it")
	}
	waitContenders(t, first, 0)
}

func TestReleaseInsideAMulti(t *testing.T) {
	ctx := t.Context()
	s, _ := both(t)
	l, err := lock.Try(ctx, s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Multi(ctx, l.Check(), session.SetOp("/nodepool/nodes/0000000042", []byte("x"), -1), l.ReleaseOp()); err != nil {
		t.Fatal(err)
	}
	l.MarkReleased()
	if err := l.Release(ctx); err != nil {
		t.Error(err)
	}
	again, err := lock.Try(ctx, s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Release(ctx); err != nil {
		t.Error(err)
	}
}

// Whatever the connection does, an attempt ends with exactly one contender or
// with none.
func TestFlakyConnectionLeavesNoStrayContender(t *testing.T) {
	srv, chroot := zktest.Shared(t)
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Chroot: chroot, Timeout: 30 * time.Second})
	direct := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	if err := direct.EnsurePath(t.Context(), "/nodepool/nodes/0000000042"); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			time.Sleep(time.Duration(i) * 100 * time.Microsecond) // a different step each round
			proxy.Cut()
			proxy.Restore()
		}()
		take := lock.Try
		if i%2 == 1 {
			take = func(ctx context.Context, s *session.Session, dir, _ string) (*lock.Lock, error) {
				l, _, err := lock.CreateHeld(ctx, s, dir)
				return l, err
			}
		}
		l, err := take(t.Context(), s, nodeLock, fmt.Sprint(i))
		<-cut
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		waitContenders(t, direct, 1)
		if err := l.Release(t.Context()); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		waitContenders(t, direct, 0)
		if err := direct.DeleteAll(t.Context(), nodeLock); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLockOnADeadSession(t *testing.T) {
	s, _ := both(t)
	s.Close()
	if _, err := lock.Try(t.Context(), s, nodeLock, ""); !errors.Is(err, session.ErrExpired) {
		t.Error(err)
	}
	if _, err := lock.Acquire(t.Context(), s, nodeLock, ""); !errors.Is(err, session.ErrExpired) {
		t.Error(err)
	}
}
