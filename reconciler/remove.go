package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// destroyRetry is how long a node stays in `deleting` before a failed destroy is taken up again (protocol.md 4.8).
const destroyRetry = 5 * time.Second

// delete begins a node's end: lock, read again, `deleting`; then its workspace destroys it (protocol.md 4.8 rule 2).
func (lp *loop) delete(d desire.Delete) {
	node := lp.view.Nodes[d.Node]
	if until := lp.unclaimed(node.Node, time.Now()); !until.IsZero() {
		lp.later(&node.NotBefore, time.Until(until))
		return
	}
	end := lp.busyNode(d.Node)
	before := node.State
	lp.do(func(ctx context.Context) {
		n, err := lockNode(ctx, lp.s, d.Node)
		if err == nil {
			err = lp.markDeleting(ctx, n, before)
		}
		lp.post(func() {
			if err != nil {
				end(lockedRetry)
				lp.nodeError(d.Node, "delete", err)
				return
			}
			// The node stays busy until its resources are gone.
			lp.deletions[d.Node] = n
			lp.hold(d.Node, true)
			lp.log.Info("node is deleted", "node", d.Node, "provider", n.Provider, "pool", n.Pool, "reason", d.Reason)
			lp.l.manager.Destroy(d.Node)
		})
	})
}

// markDeleting checks under the lock that the node may still be deleted and says so. The lock is released on error.
func (lp *loop) markDeleting(ctx context.Context, n *lockedNode, before record.NodeState) error {
	var err error
	switch {
	case n.State == record.NodeDeleted || n.Provider == "":
		err = errHusk
	case n.State != before && !desire.Reapable(n.State):
		err = errTaken
	case n.State == record.NodeReady && n.AllocatedTo != "":
		err = errTaken
	case lp.foreign(n.Node):
		err = errTaken
	default:
		held := lp.l.manager.Holds(n.ID) && n.Owner() != lp.l.stateID // taken over while Zuul had it
		if held {
			n.SetOwner(lp.l.stateID)
		}
		if n.State != record.NodeDeleting {
			n.SetState(record.NodeDeleting, time.Now())
		} else if !held {
			break
		}
		_, err = n.save(ctx, lp.s)
	}
	if err != nil {
		release(ctx, n.lock)
	}
	return err
}

// resourcesGone ends a deletion: state `deleted`, then the record with its lock, in one step where nobody queues.
func (lp *loop) resourcesGone(id string) {
	n := lp.deletions[id]
	if n == nil {
		return
	}
	delete(lp.deletions, id)
	took := deletedTook(n.Node)
	lp.do(func(ctx context.Context) {
		err := removeNode(ctx, lp.s, n)
		lp.post(func() {
			if v := lp.view.Nodes[id]; v != nil {
				v.Busy, v.Held = false, false
			}
			if err != nil {
				release(lp.ctx, n.lock)
				lp.nodeError(id, "remove", err)
				if v := lp.view.Nodes[id]; v != nil {
					lp.later(&v.NotBefore, errorRetry)
					lp.watch(v)
				}
				return
			}
			n.lock.MarkReleased()
			if n.InterfaceIP != "" { // it was READY once, so it took quota
				lp.l.setbacks.Freed(n.Provider, time.Now())
			}
			lp.l.opts.Meter.Deleted(n.Provider, false, took)
			lp.log.Info("node is gone", "node", id, "provider", n.Provider, "pool", n.Pool)
			lp.seeNode(id, nil, 0)
		})
	})
}

// removeNode writes `deleted` and deletes the record. A newcomer queueing for the lock makes the last step fail; the
// record then says `deleted`, and a later pass removes the husk (protocol.md 4.8).
func removeNode(ctx context.Context, s *session.Session, n *lockedNode) error {
	n.SetState(record.NodeDeleted, time.Now())
	path := nodePath(n.ID)
	_, err := s.Multi(ctx, n.lock.Check(), session.SetOp(path, n.Encode(), -1), n.lock.ReleaseOp(), session.DeleteOp(n.lock.Dir(), -1), session.DeleteOp(path, -1))
	if err == nil {
		return nil
	}
	if ok, _, existsErr := s.Exists(ctx, path); existsErr == nil && !ok {
		return nil
	}
	if !errors.Is(err, zk.ErrNotEmpty) {
		return err
	}
	if _, err := n.save(ctx, s); err != nil {
		return err
	}
	if err := s.DeleteAll(ctx, path); err != nil && !errors.Is(err, zk.ErrNotEmpty) {
		return err
	}
	return nil
}

// destroyFailed leaves a node in `deleting`, unlocked, to be taken up again.
func (lp *loop) destroyFailed(o workspace.Outcome) {
	lp.log.Warn("node could not be destroyed; it is tried again", "node", o.Node, "provider", o.Provider, "workspace", o.Workspace, "class", o.Class(), "err", o.Err)
	lp.l.history.failed(status.Failure{
		At: time.Now(), Op: "delete", Provider: o.Provider, Pool: o.Pool, Label: o.Label, Node: o.Node, Request: o.Request,
		Workspace: o.Workspace, Attempt: o.Attempt, Class: string(o.Class()), Text: fmt.Sprint(o.Err), Next: "it is tried again", Block: o.Block,
	}, !lp.zookeeperAway(o.Err))
	n := lp.deletions[o.Node]
	if n == nil {
		return
	}
	delete(lp.deletions, o.Node)
	lp.l.opts.Meter.Deleted(n.Provider, true, deletedTook(n.Node))
	lp.do(func(ctx context.Context) {
		release(ctx, n.lock)
		lp.post(func() {
			if v := lp.view.Nodes[o.Node]; v != nil {
				v.Busy = false
				v.NotBefore = time.Now().Add(destroyRetry)
				lp.hold(o.Node, false)
			}
		})
	})
}

// deallocate frees a READY node whose request is gone (protocol.md 4.8 rule 1).
func (lp *loop) deallocate(d desire.Deallocate) {
	end := lp.busyNode(d.Node)
	lp.do(func(ctx context.Context) {
		n, err := lockNode(ctx, lp.s, d.Node)
		var mzxid int64
		if err == nil {
			switch exists, _, existsErr := lp.s.Exists(ctx, requestPath(n.AllocatedTo)); {
			case existsErr != nil:
				err = existsErr
			case n.State != record.NodeReady || n.AllocatedTo == "" || exists:
				err = errTaken
			default:
				n.AllocatedTo = ""
				mzxid, err = n.save(ctx, lp.s)
			}
			release(ctx, n.lock)
		}
		lp.post(func() {
			if err != nil {
				end(errorRetry)
				lp.nodeError(d.Node, "deallocate", err)
				return
			}
			end(0)
			lp.log.Info("node is free again", "node", d.Node, "provider", n.Provider, "pool", n.Pool)
			lp.seeNode(d.Node, n.Node, mzxid)
		})
	})
}

// husk removes what is left of a deleted node: looked at again, without the cache, before anything is removed.
func (lp *loop) husk(id string) {
	end := lp.busyNode(id)
	lp.do(func(ctx context.Context) {
		data, _, err := lp.s.Get(ctx, nodePath(id))
		if err == nil && isHusk(id, data) {
			if err = lp.s.DeleteAll(ctx, nodePath(id)); err == nil {
				err = zk.ErrNoNode
			}
		}
		lp.post(func() {
			end(errorRetry)
			if errors.Is(err, zk.ErrNoNode) {
				lp.seeNode(id, nil, 0)
			}
		})
	})
}

func isHusk(id string, data []byte) bool {
	if len(data) == 0 {
		return true
	}
	n, err := record.ParseNode(id, data)
	return err == nil && n.State == record.NodeDeleted
}
