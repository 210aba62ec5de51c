package cache_test

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// reader keeps what the events add up to.
type reader struct {
	t         testing.TB
	c         *cache.Cache
	requests  map[string]*record.Request
	nodes     map[string]*record.Node
	pools     map[string]*record.Pool
	malformed map[string]error
	locks     map[string][]string
	mzxid     map[string]int64
	count     int
}

func read(t testing.TB, s *session.Session) *reader {
	t.Helper()
	c := cache.New(s, nil)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &reader{
		t: t, c: c,
		requests: map[string]*record.Request{}, nodes: map[string]*record.Node{}, pools: map[string]*record.Pool{},
		malformed: map[string]error{}, locks: map[string][]string{}, mzxid: map[string]int64{},
	}
}

// until takes in events until ok holds.
func (r *reader) until(what string, ok func() bool) {
	r.t.Helper()
	for !ok() {
		events, err := r.c.Next(r.t.Context())
		if err != nil {
			r.t.Fatalf("waiting until %s: %v", what, err)
		}
		for _, ev := range events {
			r.take(ev)
		}
	}
}

func (r *reader) take(ev cache.Event) {
	r.t.Helper()
	r.count++
	kind := ev.Kind
	if kind == cache.Malformed {
		r.malformed[ev.ID] = ev.Err
		kind = ev.Of
	}
	if ev.Mzxid != 0 {
		key := kind.String() + ev.ID
		if ev.Mzxid <= r.mzxid[key] {
			r.t.Errorf("%s %s went back from %d to %d", kind, ev.ID, r.mzxid[key], ev.Mzxid)
		}
		r.mzxid[key] = ev.Mzxid
	}
	switch ev.Kind {
	case cache.RequestChanged:
		keep(r.requests, ev.ID, ev.Request)
	case cache.NodeChanged:
		keep(r.nodes, ev.ID, ev.Node)
		delete(r.malformed, ev.ID)
	case cache.PoolChanged:
		keep(r.pools, ev.ID, ev.Pool)
	case cache.LockChanged:
		r.locks[ev.ID] = ev.Contenders
	}
}

func keep[T any](m map[string]*T, id string, v *T) {
	if v == nil {
		delete(m, id)
		return
	}
	m[id] = v
}

func node(comment string) []byte {
	n := record.Node{State: record.NodeReady, Provider: "p", Type: []string{"l"}, Comment: comment}
	return n.Encode()
}

func nodePath(i int) string { return fmt.Sprintf("/nodepool/nodes/%010d", i) }

// inParallel does fn for 0 to n-1, 32 at a time.
func inParallel(t testing.TB, n int, fn func(ctx context.Context, i int) error) {
	t.Helper()
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(32)
	for i := range n {
		g.Go(func() error { return fn(ctx, i) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
