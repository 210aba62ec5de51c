package session_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func TestReadAndWrite(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)

	if _, err := s.Create(ctx, "/a/b", nil, 0); !errors.Is(err, zk.ErrNoNode) {
		t.Errorf("create without parent: %v", err)
	}
	if got := must[string](t)(s.CreateAll(ctx, "/a/b", []byte("x"), 0)); got != "/a/b" {
		t.Errorf("created %q", got)
	}
	if _, err := s.Create(ctx, "/a/b", nil, 0); !errors.Is(err, zk.ErrNodeExists) {
		t.Errorf("create again: %v", err)
	}
	data, stat, err := s.Get(ctx, "/a/b")
	if err != nil || string(data) != "x" {
		t.Fatalf("get: %q %v", data, err)
	}
	stat = must[*zk.Stat](t)(s.Set(ctx, "/a/b", []byte("y"), stat.Version))
	if _, err := s.Set(ctx, "/a/b", []byte("z"), stat.Version-1); !errors.Is(err, zk.ErrBadVersion) {
		t.Errorf("set of an old version: %v", err)
	}
	if exists, _, err := s.Exists(ctx, "/a/c"); exists || err != nil {
		t.Errorf("exists: %v %v", exists, err)
	}
	seq := must[string](t)(s.Create(ctx, "/a/s-", nil, zk.FlagEphemeral|zk.FlagSequence))
	if !strings.HasPrefix(seq, "/a/s-00000") {
		t.Errorf("sequence: %q", seq)
	}
	names, _, err := s.Children(ctx, "/a")
	if err != nil || len(names) != 2 {
		t.Errorf("children: %q %v", names, err)
	}
	if err := s.Delete(ctx, "/a/b", 0); !errors.Is(err, zk.ErrBadVersion) {
		t.Errorf("delete of an old version: %v", err)
	}
	if err := s.DeleteAll(ctx, "/a"); err != nil {
		t.Error(err)
	}
	if err := s.DeleteAll(ctx, "/a"); err != nil {
		t.Errorf("delete what is gone: %v", err)
	}
	if err := s.EnsurePath(ctx, "/"); err != nil {
		t.Error(err)
	}
}

func TestMultiIsAllOrNothing(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	res, err := s.Multi(ctx,
		session.CreateOp("/m", nil, 0),
		session.CreateOp("/m/n-", nil, zk.FlagSequence),
		session.SetOp("/m", []byte("1"), -1),
		session.CheckOp("/m", 1),
	)
	if err != nil || res[1].String != "/m/n-0000000000" || res[2].Stat.Version != 1 {
		t.Fatalf("multi: %+v %v", res, err)
	}
	_, err = s.Multi(ctx, session.DeleteOp("/m/n-0000000000", -1), session.CheckOp("/m", 7))
	if !errors.Is(err, zk.ErrBadVersion) {
		t.Errorf("multi with an old version: %v", err)
	}
	if exists, _, _ := s.Exists(ctx, "/m/n-0000000000"); !exists {
		t.Error("the failed multi deleted")
	}
	if _, err := s.Multi(ctx, "nonsense"); err == nil {
		t.Error("an unknown operation passed")
	}
}

func TestChroot(t *testing.T) {
	ctx := t.Context()
	srv, root := zktest.Shared(t)
	plain := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}})
	for _, chroot := range []string{root + "/one", root + "/two/levels/deep", root + "/slash/"} {
		s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
		events := make(chan zk.Event, 10)
		s.OnEvent(func(ev zk.Event) { events <- ev })

		must[string](t)(s.CreateAll(ctx, "/nodepool/requests/200-", nil, zk.FlagSequence))
		seen, _, err := plain.Children(ctx, strings.TrimRight(chroot, "/")+"/nodepool/requests")
		if err != nil || !slices.Equal(seen, []string{"200-0000000000"}) {
			t.Errorf("chroot %s: seen from outside: %q %v", chroot, seen, err)
		}
		if _, _, err := s.GetW(ctx, "/nodepool/requests/200-0000000000"); err != nil {
			t.Fatal(err)
		}
		must[*zk.Stat](t)(s.Set(ctx, "/nodepool/requests/200-0000000000", []byte("x"), -1))
		if ev := <-events; ev.Path != "/nodepool/requests/200-0000000000" || ev.Type != zk.EventNodeDataChanged {
			t.Errorf("chroot %s: event %+v", chroot, ev)
		}
		if names, _, err := s.ChildrenW(ctx, "/"); err != nil || !slices.Equal(names, []string{"nodepool"}) {
			t.Errorf("chroot %s: top: %q %v", chroot, names, err)
		}
		must[string](t)(s.Create(ctx, "/new", nil, 0))
		if ev := <-events; ev.Path != "/" || ev.Type != zk.EventNodeChildrenChanged {
			t.Errorf("chroot %s: event at the top %+v", chroot, ev)
		}
		if res, err := s.Multi(ctx, session.CreateOp("/m", nil, 0)); err != nil || res[0].String != "/m" {
			t.Errorf("chroot %s: multi %+v %v", chroot, res, err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]session.Options{
		"no servers":      {},
		"no port":         {Servers: []string{"localhost"}},
		"bare IPv6":       {Servers: []string{"::1"}},
		"relative chroot": {Servers: []string{"localhost:1"}, Chroot: "x"},
		"empty level":     {Servers: []string{"localhost:1"}, Chroot: "/x//y"},
	} {
		if s, err := session.Connect(t.Context(), o); err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestWritesAreWorldOpenAndNeverNull(t *testing.T) {
	ctx := t.Context()
	srv, root := zktest.Shared(t)
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: root})
	must[string](t)(s.Create(ctx, "/x", nil, 0))
	data, _, err := s.Get(ctx, "/x")
	if err != nil || data == nil || len(data) != 0 {
		t.Errorf("data %v %v, want empty, not null", data, err)
	}
	raw, _, err := zk.Connect([]string{srv.Addr}, 5*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	acl, _, err := raw.GetACL(root + "/x")
	if err != nil || len(acl) != 1 || acl[0] != zk.WorldACL(zk.PermAll)[0] {
		t.Errorf("acl %v %v", acl, err)
	}
}

func TestTooBigIsRefusedBeforeItIsSent(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	big := bytes.Repeat([]byte{1}, 1<<20)
	id := s.ID()
	if _, err := s.Create(ctx, "/big", big, 0); !errors.Is(err, session.ErrTooBig) {
		t.Error(err)
	}
	if _, err := s.Set(ctx, "/", big, -1); !errors.Is(err, session.ErrTooBig) {
		t.Error(err)
	}
	if _, err := s.Multi(ctx, session.SetOp("/", big, -1)); !errors.Is(err, session.ErrTooBig) {
		t.Error(err)
	}
	// The largest that is let through must be small enough for the server.
	must[string](t)(s.Create(ctx, "/fits", big[:1<<20-4096-len("/fits")], 0))
	if s.Suspended() || s.ID() != id {
		t.Error("the server dropped the connection")
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	s := zktest.Session(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Get(ctx, "/"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := session.Connect(ctx, session.Options{Servers: []string{"127.0.0.1:1"}})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(err.Error(), "refused") {
		t.Errorf("the reason is missing: %v", err)
	}
}

func TestAfterCloseEverythingFails(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	must[string](t)(s.Create(ctx, "/e", nil, zk.FlagEphemeral))
	s.Close()
	s.Close()
	<-s.Done()
	if _, err := s.Create(ctx, "/x", nil, 0); !errors.Is(err, session.ErrExpired) {
		t.Error(err)
	}
	if _, _, err := s.Get(ctx, "/"); !errors.Is(err, session.ErrExpired) {
		t.Error(err)
	}
	if s.Go(func(context.Context) {}) {
		t.Error("background work began")
	}
	other := zktest.Session(t)
	if exists, _, err := other.Exists(ctx, "/e"); exists || err != nil {
		t.Errorf("the ephemeral outlived Close: %v %v", exists, err)
	}
}

func TestDeleteAllMeetsANewcomer(t *testing.T) {
	ctx := t.Context()
	s, other := zktest.Session(t), zktest.Session(t)
	for i := range 40 {
		must[string](t)(s.CreateAll(ctx, "/nodes/1/lock/old", nil, 0))
		done := make(chan error)
		go func() {
			_, err := other.Create(ctx, "/nodes/1/lock/new-", nil, zk.FlagEphemeral|zk.FlagSequence)
			done <- err
		}()
		err := s.DeleteAll(ctx, "/nodes/1")
		joined := <-done
		switch {
		case err == nil && errors.Is(joined, zk.ErrNoNode): // we were first
		case err == nil && joined == nil: // it was there in time to be deleted too
		case errors.Is(err, zk.ErrNotEmpty) && joined == nil: // the newcomer stays
			if names, _, _ := s.Children(ctx, "/nodes/1/lock"); len(names) != 1 {
				t.Errorf("round %d: %q", i, names)
			}
		default:
			t.Errorf("round %d: delete %v, join %v", i, err, joined)
		}
		if err := s.DeleteAll(ctx, "/nodes/1"); err != nil {
			t.Fatal(err)
		}
	}
}

// The loop's single-step version of the above: the child appears for certain
// between the listing and the deletion.
func TestDeleteAllReturnsNotEmpty(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	must[string](t)(s.CreateAll(ctx, "/n/keep", nil, 0))
	if err := s.Delete(ctx, "/n", -1); !errors.Is(err, zk.ErrNotEmpty) {
		t.Error(err)
	}
}
