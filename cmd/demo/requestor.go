package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// requestor does what Zuul's scheduler and executor do, step by step (protocol.md 5.1).
type requestor struct {
	zk      *session.Session
	show    *screen
	system  string
	request string
	nodes   []*record.Node
	locks   []*lock.Lock
}

func hexID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

// submit writes a request with exactly the keys that Zuul writes.
func (z *requestor) submit(ctx context.Context, nodes int) error {
	z.system = hexID()
	labels := make([]string, nodes)
	for i := range labels {
		labels[i] = label
	}
	now := time.Now()
	data, err := json.Marshal(map[string]any{
		"requestor_data": map[string]any{
			"build_set_uuid": hexID(), "tenant_name": "demo", "pipeline_name": "check",
			"job_uuid": hexID(), "job_name": "hello", "span_info": nil,
		},
		"node_types": labels, "requestor": z.system, "created_time": record.Now(now), "provider": nil,
		"state": "requested", "state_time": record.Now(now), "relative_priority": 0, "event_id": hexID(), "tenant_name": "demo",
	})
	if err != nil {
		return err
	}
	z.show.begin(now)
	created, err := z.zk.Create(ctx, requestsPath+"/200-", data, zk.FlagSequence)
	if err != nil {
		return fmt.Errorf("submit the request: %w", err)
	}
	z.request = path.Base(created)
	return nil
}

// accept re-reads the request, checks and locks each node, deletes the request and puts the
// nodes in use.
func (z *requestor) accept(ctx context.Context) error {
	data, _, err := z.zk.Get(ctx, requestsPath+"/"+z.request)
	if err != nil {
		return fmt.Errorf("re-read request %s: %w", z.request, err)
	}
	request, err := record.ParseRequest(z.request, data)
	if err != nil {
		return err
	}
	for _, id := range request.Nodes {
		data, _, err := z.zk.Get(ctx, nodesPath+"/"+id)
		if err != nil {
			return fmt.Errorf("read node %s: %w", id, err)
		}
		node, err := record.ParseNode(id, data)
		if err != nil {
			return err
		}
		if node.AllocatedTo != z.request {
			return fmt.Errorf("node %s is allocated to %q, not to our request %s", id, node.AllocatedTo, z.request)
		}
		limit, cancel := context.WithTimeout(ctx, 30*time.Second)
		held, err := lock.Acquire(limit, z.zk, nodesPath+"/"+id+"/lock", "")
		cancel()
		if err != nil {
			return fmt.Errorf("lock node %s: %w", id, err)
		}
		z.nodes, z.locks = append(z.nodes, node), append(z.locks, held)
	}
	if err := z.zk.Delete(ctx, requestsPath+"/"+z.request, -1); err != nil {
		return fmt.Errorf("delete request %s: %w", z.request, err)
	}
	user, err := json.Marshal(map[string]string{"zuul_system": z.system, "project_name": "git.example.org/demo/hello"})
	if err != nil {
		return err
	}
	for _, n := range z.nodes {
		n.UserData = user
		if err := z.store(ctx, n, record.NodeInUse); err != nil {
			return err
		}
	}
	return nil
}

// giveBack marks the nodes used, then releases the locks.
func (z *requestor) giveBack(ctx context.Context) error {
	for _, n := range z.nodes {
		if err := z.store(ctx, n, record.NodeUsed); err != nil {
			return err
		}
	}
	for _, l := range z.locks {
		if err := l.Release(ctx); err != nil {
			return fmt.Errorf("unlock %s: %w", l.Dir(), err)
		}
	}
	return nil
}

// store writes the whole record back without regard to its version, as Zuul does.
func (z *requestor) store(ctx context.Context, n *record.Node, state record.NodeState) error {
	n.SetState(state, time.Now())
	if _, err := z.zk.Set(ctx, nodesPath+"/"+n.ID, n.Encode(), -1); err != nil {
		return fmt.Errorf("write node %s as %s: %w", n.ID, state, err)
	}
	return nil
}
