// Package requestor plays Zuul's part towards a launcher: it submits node requests, uses the nodes and gives them
// back, writing the same records in the same order as Zuul's scheduler and executor (protocol.md 5.1).
//
// Tests, cmd/demo and cmd/bench may import it, nothing else. Where it matters that Zuul's own code gets along with us,
// testdata/zuul drives that instead.
package requestor

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// System is the id our requests carry as requestor.
const System = "c1f0a2b3d4e5f60718293a4b5c6d7e8f"

// Requestor submits requests and sees what becomes of them.
type Requestor struct {
	s     *session.Session
	cache *cache.Cache

	mu       sync.Mutex
	requests map[string]*record.Request
	nodes    map[string]*record.Node
	changed  chan struct{} // closed and replaced at each change
	OnChange func(cache.Event)
}

// paths are there before anybody waits for what is below them.
var paths = []string{"/nodepool/requests", "/nodepool/nodes", "/nodepool/requests-lock", "/nodepool/components/pool"}

// New watches requests and nodes on a session until ctx ends.
func New(ctx context.Context, s *session.Session, onChange func(cache.Event)) (*Requestor, error) {
	for _, p := range paths {
		if err := s.EnsurePath(ctx, p); err != nil {
			return nil, err
		}
	}
	r := &Requestor{s: s, cache: cache.New(s, slog.New(slog.DiscardHandler)), requests: map[string]*record.Request{}, nodes: map[string]*record.Node{}, changed: make(chan struct{}), OnChange: onChange}
	if err := r.cache.Start(ctx); err != nil {
		return nil, err
	}
	s.Go(func(life context.Context) {
		for {
			events, err := r.cache.Next(ctx)
			if err != nil {
				return
			}
			r.see(events)
		}
	})
	return r, nil
}

// Close stops watching.
func (r *Requestor) Close() {
	if r.cache != nil {
		r.cache.Close()
	}
}

func (r *Requestor) see(events []cache.Event) {
	r.mu.Lock()
	for _, e := range events {
		switch e.Kind {
		case cache.RequestChanged:
			if e.Request == nil {
				delete(r.requests, e.ID)
			} else {
				r.requests[e.ID] = e.Request
			}
		case cache.NodeChanged:
			if e.Node == nil {
				delete(r.nodes, e.ID)
			} else {
				r.nodes[e.ID] = e.Node
			}
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	if r.OnChange != nil {
		for _, e := range events {
			r.OnChange(e)
		}
	}
}

// Submit writes a request as Zuul does: with the keys that it writes and none of those it leaves to the launcher.
func (r *Requestor) Submit(ctx context.Context, tenant string, labels ...string) (string, error) {
	now := record.Now(time.Now())
	data, err := json.Marshal(map[string]any{
		"requestor_data": map[string]any{
			"build_set_uuid": "6d0f3b7e5c1a4f8d9e2b7a6c5d4e3f20", "tenant_name": tenant, "pipeline_name": "check",
			"job_uuid": "0b9d6a1f2e3c4d5f8a7b6c5d4e3f2a1b", "job_name": "unit-tests", "span_info": nil,
		},
		"node_types": labels, "requestor": System, "created_time": now, "provider": nil, "state": "requested",
		"state_time": now, "relative_priority": 0, "event_id": "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "tenant_name": tenant,
	})
	if err != nil {
		return "", err
	}
	name, err := r.s.Create(ctx, "/nodepool/requests/200-", data, zk.FlagSequence)
	if err != nil {
		return "", fmt.Errorf("submit request: %w", err)
	}
	return path.Base(name), nil
}

// wait returns once ok is satisfied; ok is called with the lock held.
func (r *Requestor) wait(ctx context.Context, what string, ok func() bool) error {
	for {
		r.mu.Lock()
		done, changed := ok(), r.changed
		r.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-r.s.Done():
			return fmt.Errorf("wait for %s: %w", what, r.s.Err())
		}
	}
}

// Wait returns the request once it is fulfilled or failed.
func (r *Requestor) Wait(ctx context.Context, id string) (*record.Request, error) {
	if r.cache == nil {
		return r.awaitRequest(ctx, id)
	}
	var req *record.Request
	err := r.wait(ctx, "request "+id, func() bool {
		req = r.requests[id]
		return req != nil && (req.State == record.RequestFulfilled || req.State == record.RequestFailed)
	})
	return req, err
}

// Request is the request as last seen, nil when there is none.
func (r *Requestor) Request(id string) *record.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests[id]
}

// Requests are the ids of all requests as last seen.
func (r *Requestor) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.requests))
}

// Nodes are all nodes as last seen.
func (r *Requestor) Nodes() map[string]*record.Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string]*record.Node, len(r.nodes))
	for id, n := range r.nodes {
		out[id] = n
	}
	return out
}

// WaitNode returns once the node is in one of the states, or gone when none is given.
func (r *Requestor) WaitNode(ctx context.Context, id string, states ...record.NodeState) error {
	if r.cache == nil {
		return r.awaitNode(ctx, id, states)
	}
	return r.wait(ctx, "node "+id, func() bool {
		n := r.nodes[id]
		if n == nil {
			return len(states) == 0
		}
		for _, s := range states {
			if n.State == s {
				return true
			}
		}
		return false
	})
}

// Cancel deletes a request, as Zuul does at any time.
func (r *Requestor) Cancel(ctx context.Context, id string) error {
	return r.s.Delete(ctx, "/nodepool/requests/"+id, -1)
}

// Held is a node in use: locked by us.
type Held struct {
	Node *record.Node
	lock *lock.Lock
}

// Accept takes the nodes of a fulfilled request as an executor does: each is read, must be allocated to the request,
// and is locked; then the request is deleted.
func (r *Requestor) Accept(ctx context.Context, req *record.Request) ([]*Held, error) {
	var held []*Held
	for _, id := range req.Nodes {
		data, _, err := r.s.Get(ctx, "/nodepool/nodes/"+id)
		if err != nil {
			return held, fmt.Errorf("read node %s: %w", id, err)
		}
		n, err := record.ParseNode(id, data)
		if err != nil {
			return held, err
		}
		if n.State != record.NodeReady || n.AllocatedTo != req.ID {
			return held, fmt.Errorf("node %s is %s and allocated to %q, not ready for %s", id, n.State, n.AllocatedTo, req.ID)
		}
		limit, cancel := context.WithTimeout(ctx, 30*time.Second)
		lk, err := lock.Acquire(limit, r.s, "/nodepool/nodes/"+id+"/lock", "")
		cancel()
		if err != nil {
			return held, fmt.Errorf("lock node %s: %w", id, err)
		}
		held = append(held, &Held{n, lk})
	}
	return held, r.Cancel(ctx, req.ID)
}

// Set writes the nodes' state.
func (r *Requestor) Set(ctx context.Context, held []*Held, state record.NodeState) error {
	for _, h := range held {
		h.Node.SetState(state, time.Now())
		if state == record.NodeInUse {
			h.Node.UserData = json.RawMessage(`{"zuul_system":"` + System + `","project_name":"git.example.org/acme/app"}`)
		}
		if _, err := r.s.Set(ctx, "/nodepool/nodes/"+h.Node.ID, h.Node.Encode(), -1); err != nil {
			return fmt.Errorf("write node %s: %w", h.Node.ID, err)
		}
	}
	return nil
}

// Return gives nodes back: used, then unlocked.
func (r *Requestor) Return(ctx context.Context, held []*Held) error {
	if err := r.Set(ctx, held, record.NodeUsed); err != nil {
		return err
	}
	for _, h := range held {
		if err := h.lock.Release(ctx); err != nil {
			return err
		}
	}
	return nil
}
