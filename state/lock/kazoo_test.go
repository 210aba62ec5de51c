package lock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

const nodeLock = "/nodepool/nodes/0000000042/lock"

// both returns a Go session and the chroot, which a kazoo peer takes in its hosts.
func both(t *testing.T) (s *session.Session, hosts string) {
	t.Helper()
	srv, chroot := zktest.Shared(t)
	s = zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	if err := s.EnsurePath(t.Context(), "/nodepool/nodes/0000000042"); err != nil {
		t.Fatal(err)
	}
	return s, srv.Addr + chroot
}

func TestPythonHoldsSoGoIsRefused(t *testing.T) {
	s, hosts := both(t)
	python := zktest.Kazoo(t, hosts)
	if got := python.Do("try", nodeLock); got != true {
		t.Fatalf("kazoo: %v", got)
	}
	if _, err := lock.Try(t.Context(), s, nodeLock, ""); !errors.Is(err, lock.ErrBusy) {
		t.Errorf("try: %v", err)
	}
	if names, err := lock.Contenders(t.Context(), s, nodeLock); len(names) != 1 || err != nil {
		t.Errorf("a refused try left its contender: %q %v", names, err)
	}
	python.Do("release", nodeLock)
	l, err := lock.Try(t.Context(), s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGoHoldsSoPythonIsRefused(t *testing.T) {
	s, hosts := both(t)
	python := zktest.Kazoo(t, hosts)
	l, err := lock.Try(t.Context(), s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := python.Do("try", nodeLock); got != false {
		t.Errorf("kazoo: %v", got)
	}
	if got := python.Do("acquire-timeout", nodeLock, "0.2"); got != "timeout" {
		t.Errorf("kazoo: %v", got)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if got := python.Do("try", nodeLock); got != true {
		t.Errorf("kazoo after the release: %v", got)
	}
}

func TestCreateHeldIsHeldForPython(t *testing.T) {
	s, hosts := both(t)
	python := zktest.Kazoo(t, hosts)
	l, res, err := lock.CreateHeld(t.Context(), s, nodeLock, session.SetOp("/nodepool/nodes/0000000042", []byte("building"), 0))
	if err != nil || res[0].Stat.Version != 1 {
		t.Fatalf("%+v %v", res, err)
	}
	if got := python.Do("try", nodeLock); got != false {
		t.Errorf("kazoo: %v", got)
	}
	if _, _, err := lock.CreateHeld(t.Context(), zktest.Session(t), nodeLock); !errors.Is(err, zk.ErrNodeExists) {
		t.Errorf("created held twice: %v", err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPythonHandsOverToWaitingGo(t *testing.T) {
	s, hosts := both(t)
	python := zktest.Kazoo(t, hosts)
	python.Do("try", nodeLock)
	got := make(chan error)
	go func() {
		l, err := lock.Acquire(t.Context(), s, nodeLock, "go")
		if err == nil {
			err = l.Release(t.Context())
		}
		got <- err
	}()
	waitContenders(t, s, 2)
	python.Do("release", nodeLock)
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestGoHandsOverToWaitingPython(t *testing.T) {
	s, hosts := both(t)
	python := zktest.Kazoo(t, hosts)
	l, err := lock.Acquire(t.Context(), s, nodeLock, "go")
	if err != nil {
		t.Fatal(err)
	}
	python.Send("acquire", nodeLock)
	waitContenders(t, s, 2)
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := python.Answer(); got != true {
		t.Errorf("kazoo: %v", got)
	}
}

func TestQueueIsServedInOrder(t *testing.T) {
	s, hosts := both(t)
	l, err := lock.Try(t.Context(), s, nodeLock, "go-0")
	if err != nil {
		t.Fatal(err)
	}
	first := zktest.Kazoo(t, hosts)
	first.Send("acquire", nodeLock, "python-1")
	waitContenders(t, s, 2)
	second := make(chan *lock.Lock)
	other := zktest.Connect(t, options(t))
	go func() {
		l, err := lock.Acquire(t.Context(), other, nodeLock, "go-2")
		if err != nil {
			t.Error(err)
		}
		second <- l
	}()
	waitContenders(t, s, 3)
	third := zktest.Kazoo(t, hosts)
	third.Send("acquire", nodeLock, "python-3")
	waitContenders(t, s, 4)

	observer := zktest.Kazoo(t, hosts)
	want := []any{"go-0", "python-1", "go-2", "python-3"}
	if got, ok := observer.Do("contenders", nodeLock).([]any); !ok || !slices.Equal(got, want) {
		t.Errorf("kazoo sees %v", got)
	}
	names, err := lock.Contenders(t.Context(), s, nodeLock)
	if err != nil || names[0] != l.Contender()[strings.LastIndexByte(l.Contender(), '/')+1:] {
		t.Errorf("go sees %q %v", names, err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if got := first.Answer(); got != true {
		t.Errorf("python-1: %v", got)
	}
	first.Do("release", nodeLock)
	if err := (<-second).Release(t.Context()); err != nil {
		t.Error(err)
	}
	if got := third.Answer(); got != true {
		t.Errorf("python-3: %v", got)
	}
}

func TestPythonDiesHolding(t *testing.T) {
	s, hosts := both(t)
	python := zktest.Kazoo(t, hosts)
	python.Do("try", nodeLock)
	python.Kill() // the session expires at the server
	l, err := lock.Acquire(t.Context(), s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGoExpiresHolding(t *testing.T) {
	srv, chroot := zktest.Shared(t)
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Chroot: chroot, Timeout: 30 * time.Second})
	if err := s.EnsurePath(t.Context(), "/nodepool/nodes/0000000042"); err != nil {
		t.Fatal(err)
	}
	l, err := lock.Try(t.Context(), s, nodeLock, "")
	if err != nil {
		t.Fatal(err)
	}
	python := zktest.Kazoo(t, srv.Addr+chroot)
	if got := python.Do("try", nodeLock); got != false {
		t.Fatalf("kazoo: %v", got)
	}
	python.Send("acquire", nodeLock)
	if err := proxy.ExpireSession(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := python.Answer(); got != true {
		t.Errorf("kazoo: %v", got)
	}
	<-s.Done()
	// The fence, and everything else, fails on the dead session.
	if _, err := s.Multi(t.Context(), l.Check()); !errors.Is(err, session.ErrExpired) {
		t.Error(err)
	}
	if err := l.Release(t.Context()); !errors.Is(err, session.ErrExpired) {
		t.Error(err)
	}
}

func options(t *testing.T) session.Options {
	srv, chroot := zktest.Shared(t)
	return session.Options{Servers: []string{srv.Addr}, Chroot: chroot}
}

func waitContenders(t *testing.T, s *session.Session, n int) {
	t.Helper()
	for {
		names, err := lock.Contenders(t.Context(), s, nodeLock)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == n {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
