package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

const (
	requestsPath = "/nodepool/requests"
	nodesPath    = "/nodepool/nodes"
)

// tree follows the records in ZooKeeper and puts each change of state on the timeline.
type tree struct {
	cache  *cache.Cache
	show   *screen
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change
	requests map[string]*record.Request
	nodes    map[string]*record.Node
	pools    map[string]*record.Pool
}

func watchTree(ctx context.Context, s *session.Session, show *screen) (*tree, error) {
	t := &tree{
		cache: cache.New(s, slog.New(slog.DiscardHandler)), show: show, done: make(chan struct{}), changed: make(chan struct{}),
		requests: map[string]*record.Request{}, nodes: map[string]*record.Node{}, pools: map[string]*record.Pool{},
	}
	if err := t.cache.Start(ctx); err != nil {
		return nil, fmt.Errorf("watch ZooKeeper: %w", err)
	}
	ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(t.done)
		for {
			events, err := t.cache.Next(ctx)
			if err != nil {
				return
			}
			t.take(events)
		}
	}()
	return t, nil
}

func (t *tree) close() error {
	t.cancel()
	<-t.done
	t.cache.Close()
	return nil
}

func (t *tree) take(events []cache.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range events {
		switch e.Kind {
		case cache.RequestChanged:
			t.request(e.ID, e.Request)
		case cache.NodeChanged:
			t.node(e.ID, e.Node)
		case cache.PoolChanged:
			note(t.pools, e.ID, e.Pool)
		}
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// note keeps what is there and forgets what is gone.
func note[T any](m map[string]*T, id string, v *T) {
	if v == nil {
		delete(m, id)
		return
	}
	m[id] = v
}

func (t *tree) request(id string, r *record.Request) {
	before := t.requests[id]
	note(t.requests, id, r)
	switch {
	case r == nil:
		t.show.happened(event{at: time.Now(), who: "request " + id, what: "gone"})
	case before == nil || before.State != r.State:
		t.show.happened(event{at: stamp(r.StateTime), who: "request " + id, what: string(r.State)})
	}
}

func (t *tree) node(id string, n *record.Node) {
	before := t.nodes[id]
	note(t.nodes, id, n)
	switch {
	case n == nil:
		t.show.happened(event{at: time.Now(), who: "node " + id, what: "gone"})
	case before == nil || before.State != n.State:
		e := event{at: stamp(n.StateTime), who: "node " + id, what: string(n.State)}
		if n.State == record.NodeReady {
			port, _ := n.Port()
			e.note = fmt.Sprintf("%s:%d, %d host keys", n.InterfaceIP, port, len(n.HostKeys))
		}
		t.show.happened(e)
	}
}

// stamp is a record's time.
func stamp(seconds float64) time.Time { return time.UnixMicro(int64(seconds * 1e6)) }

// until waits for a condition on the records.
func (t *tree) until(ctx context.Context, what string, ok func() bool) error {
	for {
		t.mu.Lock()
		holds, changed := ok(), t.changed
		t.mu.Unlock()
		if holds {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, context.Cause(ctx))
		}
	}
}

// offered waits until a pool announces the label, or the daemon ends.
func (t *tree) offered(ctx context.Context, label string, d *daemon) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-d.exited:
			cancel(fmt.Errorf("it ended at once: %w", errors.Join(d.err, errors.New("see its log"))))
		case <-ctx.Done():
		}
	}()
	return t.until(ctx, "the daemon offers label "+label, func() bool {
		for _, p := range t.pools {
			if slices.Contains(p.SupportedLabels, label) {
				return true
			}
		}
		return false
	})
}

// completed waits for the answer to a request.
func (t *tree) completed(ctx context.Context, id string) (*record.Request, error) {
	var r *record.Request
	err := t.until(ctx, "request "+id+" is answered", func() bool {
		r = t.requests[id]
		return r != nil && (r.State == record.RequestFulfilled || r.State == record.RequestFailed)
	})
	if err == nil && r.State == record.RequestFailed {
		err = fmt.Errorf("request %s failed, declined by %q", id, r.DeclinedBy)
	}
	return r, err
}
