package cache_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// do fails the test on an error; what a helper returned besides does not matter.
func do[T any](t testing.TB) func(T, error) {
	return func(_ T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadAndFollow(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	request := record.Request{State: record.RequestRequested, NodeTypes: []string{"l"}}
	pool := record.Pool{ID: "pool-id", ProviderName: "p", SupportedLabels: []string{"l"}}
	do[string](t)(s.CreateAll(ctx, "/nodepool/requests/200-", request.Encode(), zk.FlagSequence))
	do[string](t)(s.CreateAll(ctx, nodePath(7), node("before"), 0))
	do[string](t)(s.CreateAll(ctx, "/nodepool/components/pool/np01", pool.Encode(), zk.FlagEphemeral|zk.FlagSequence))
	do[string](t)(s.Create(ctx, nodePath(8), nil, 0))
	do[string](t)(s.Create(ctx, nodePath(9), []byte(`{"state":"strange"}`), 0))

	r := read(t, s)
	events, err := r.c.Next(ctx)
	if err != nil || len(events) != 5 {
		t.Fatalf("loaded %d events: %v", len(events), err)
	}
	for _, ev := range events {
		r.take(ev)
	}
	if q := r.requests["200-0000000000"]; q == nil || q.State != record.RequestRequested {
		t.Errorf("request: %+v", q)
	}
	if n := r.nodes["0000000007"]; n == nil || n.Comment != "before" {
		t.Errorf("node: %+v", n)
	}
	if p := r.pools["np010000000000"]; p == nil || p.ID != "pool-id" {
		t.Errorf("pools: %+v", r.pools)
	}
	if r.malformed["0000000008"] == nil || r.malformed["0000000009"] == nil {
		t.Errorf("malformed: %v", r.malformed)
	}

	do[*zk.Stat](t)(s.Set(ctx, nodePath(7), node("after"), -1))
	do[string](t)(s.Create(ctx, nodePath(10), node("new"), 0))
	do[*zk.Stat](t)(s.Set(ctx, nodePath(8), node("mended"), -1))
	r.until("all is followed", func() bool {
		a, b, c := r.nodes["0000000007"], r.nodes["0000000010"], r.nodes["0000000008"]
		return a != nil && a.Comment == "after" && b != nil && c != nil && r.malformed["0000000008"] == nil
	})
	for _, path := range []string{nodePath(7), nodePath(9), "/nodepool/requests/200-0000000000", "/nodepool/components/pool/np010000000000"} {
		if err := s.DeleteAll(ctx, path); err != nil {
			t.Fatal(err)
		}
	}
	r.until("all deletions are seen", func() bool {
		return r.nodes["0000000007"] == nil && len(r.requests) == 0 && len(r.pools) == 0
	})
	do[string](t)(s.Create(ctx, nodePath(7), node("same name again"), 0))
	r.until("the node is back", func() bool { return r.nodes["0000000007"] != nil })
}

func TestEmptyTree(t *testing.T) {
	s := zktest.Session(t)
	read(t, s)
	for _, dir := range []string{"/nodepool/requests", "/nodepool/requests-lock", "/nodepool/nodes", "/nodepool/components/pool"} {
		if ok, _, err := s.Exists(t.Context(), dir); !ok {
			t.Errorf("%s is missing: %v", dir, err)
		}
	}
}

func TestWatchLock(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	do[string](t)(s.CreateAll(ctx, nodePath(1), node(""), 0))
	r := read(t, s)
	dir := nodePath(1) + "/lock"

	r.c.WatchLock("0000000001")
	r.until("told that nobody holds it", func() bool { names, ok := r.locks["0000000001"]; return ok && len(names) == 0 })
	for range 3 { // the directory appears only with the first lock
		l, err := lock.Try(ctx, s, dir, "")
		if err != nil {
			t.Fatal(err)
		}
		r.until("the lock is seen", func() bool {
			names := r.locks["0000000001"]
			return len(names) == 1 && dir+"/"+names[0] == l.Contender()
		})
		if err := l.Release(ctx); err != nil {
			t.Fatal(err)
		}
		r.until("the release is seen", func() bool { return len(r.locks["0000000001"]) == 0 })
	}

	r.c.UnwatchLock("0000000001")
	l, err := lock.Try(ctx, s, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	do[*zk.Stat](t)(s.Set(ctx, nodePath(1), node("mark"), -1))
	r.until("the mark", func() bool { n := r.nodes["0000000001"]; return n != nil && n.Comment == "mark" })
	if len(r.locks["0000000001"]) != 0 {
		t.Error("told of a lock that nobody asked about")
	}
	r.c.WatchLock("0000000001") // again: told at once
	r.until("the lock is seen", func() bool { return len(r.locks["0000000001"]) == 1 })
	if err := l.Release(ctx); err != nil {
		t.Fatal(err)
	}
	r.until("the release is seen", func() bool { return len(r.locks["0000000001"]) == 0 })

	if err := s.DeleteAll(ctx, nodePath(1)); err != nil {
		t.Fatal(err)
	}
	r.until("the node is gone", func() bool { return len(r.nodes) == 0 })
	r.c.WatchLock("0000000001") // of an absent node: nothing happens
	r.c.UnwatchLock("0000000077")
}

// Python launchers and Zuul write with kazoo.
func TestFollowsWhatPythonWrites(t *testing.T) {
	srv, chroot := zktest.Shared(t)
	r := read(t, zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot}))
	python := zktest.Kazoo(t, srv.Addr+chroot)
	python.Do("create", nodePath(5), string(node("from Python")))
	r.until("the node is seen", func() bool { n := r.nodes["0000000005"]; return n != nil && n.Comment == "from Python" })
	r.c.WatchLock("0000000005")
	python.Do("try", nodePath(5)+"/lock")
	r.until("the lock is seen", func() bool { return len(r.locks["0000000005"]) == 1 })
	python.Do("set", nodePath(5), string(node("changed")))
	python.Do("release", nodePath(5)+"/lock")
	r.until("change and release are seen", func() bool {
		return r.nodes["0000000005"].Comment == "changed" && len(r.locks["0000000005"]) == 0
	})
	python.Do("delete", nodePath(5))
	r.until("the deletion is seen", func() bool { return len(r.nodes) == 0 })
}

func TestNextEnds(t *testing.T) {
	srv, chroot := zktest.Shared(t)
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	r := read(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.c.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	r.c.Close()
	if _, err := r.c.Next(t.Context()); !errors.Is(err, cache.ErrStopped) {
		t.Errorf("closed: %v", err)
	}

	ctx, cancel = context.WithCancel(t.Context())
	c := cache.New(s, nil)
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := c.Next(t.Context()); !errors.Is(err, cache.ErrStopped) {
		t.Errorf("context of Start ended: %v", err)
	}

	c = cache.New(s, nil)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := c.Next(t.Context()); !errors.Is(err, session.ErrExpired) {
		t.Errorf("session over: %v", err)
	}
	if err := cache.New(s, nil).Start(t.Context()); !errors.Is(err, session.ErrExpired) {
		t.Errorf("start on a dead session: %v", err)
	}
}

// Many writers, many changes: in the end the reader has what ZooKeeper has.
func TestStormEndsUpTheSame(t *testing.T) {
	ctx := t.Context()
	srv, chroot := zktest.Shared(t)
	writer := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	r := read(t, zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot}))
	storm(t, writer, 0, 2000)
	compare(t, r, writer)
	if names, _, err := writer.Children(ctx, "/nodepool/nodes"); err != nil || len(names) == 0 {
		t.Error("the storm left nothing to compare")
	}
}

// storm creates, changes and deletes nodes: of five, one stays deleted.
func storm(t testing.TB, s *session.Session, from, n int) {
	t.Helper()
	inParallel(t, n, func(ctx context.Context, i int) error {
		path := nodePath(from + i/2)
		var err error
		if i%2 == 0 {
			_, err = s.Create(ctx, path, node("first"), 0)
		} else if _, err = s.Set(ctx, path, node("second"), -1); err == nil && i%10 == 1 {
			err = s.Delete(ctx, path, -1)
		}
		if errors.Is(err, zk.ErrNoNode) || errors.Is(err, zk.ErrNodeExists) {
			err = nil // the pair ran in the other order, or the node is from before
		}
		return err
	})
}

// compare waits until the reader has the nodes that the server has.
func compare(t testing.TB, r *reader, s *session.Session) {
	t.Helper()
	names, _, err := s.Children(t.Context(), "/nodepool/nodes")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	want := map[string]int64{}
	for _, name := range names {
		_, stat, err := s.Exists(t.Context(), "/nodepool/nodes/"+name)
		if err != nil {
			t.Fatal(err)
		}
		want[name] = stat.Mzxid
	}
	r.until("the reader has caught up", func() bool {
		if len(r.nodes) != len(want) {
			return false
		}
		for name, mzxid := range want {
			if r.nodes[name] == nil || r.mzxid["node"+name] != mzxid {
				return false
			}
		}
		return true
	})
}
