package reconciler

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// releaseBacking gives a backing node back: used, and unlocked in the same step, for its own provider to delete.
func (lp *loop) releaseBacking(s *slots, b *backing, reason string) {
	b.Phase = metastatic.Leaving
	lk, id, contender := s.lock, b.Node, b.contender
	lp.do(func(ctx context.Context) {
		n, err := lp.unlockUsed(ctx, []any{lk.Check()}, id, contender)
		lp.post(func() {
			lp.slotsDue = true
			switch {
			case lp.ctx.Err() != nil || s.find(b.Key) != b:
			case errors.Is(err, zk.ErrNoNode): // it, its lock, or the lock on the slots is gone
				b.Phase = metastatic.Held
				lp.checkSlotsLock(s, lk)
				lp.checkBacking(s, b)
			case err != nil:
				lp.log.Warn("backing node could not be given back; it is tried again", "node", id, "provider", s.provider.Name, "err", err)
				lp.after(errorRetry, func() { b.Phase = metastatic.Held })
			default:
				lp.log.Info("backing node given back", "node", id, "provider", s.provider.Name, "label", b.Label, "reason", reason)
				s.drop(b)
				lp.seeNode(id, n, 0)
			}
		})
	})
}

// unlockUsed writes used, unless the record is past that, and removes the lock, if that is still the given one.
func (lp *loop) unlockUsed(ctx context.Context, checks []any, id, contender string) (*record.Node, error) {
	for {
		data, stat, err := lp.s.Get(ctx, nodePath(id))
		if err != nil {
			return nil, err
		}
		n, err := record.ParseNode(id, data)
		if err != nil {
			return nil, err
		}
		ops := append(checks[:len(checks):len(checks)], session.DeleteOp(contender, -1))
		if n.State == record.NodeInUse || n.State == record.NodeReady {
			n.SetState(record.NodeUsed, time.Now())
			ops = append(ops, session.SetOp(nodePath(id), n.Encode(), stat.Version))
		}
		_, err = lp.s.Multi(ctx, ops...)
		if errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrConnectionClosed) {
			continue
		}
		return n, err
	}
}

// abandonBacking ends what an earlier life left half done: a node that was locked and never marked, or marked as used and
// never unlocked (protocol.md 7.4, 7.7).
func (lp *loop) abandonBacking(s *slots, id, contender string) {
	lp.do(func(ctx context.Context) {
		n, err := lp.unlockUsed(ctx, nil, id, contender)
		lp.post(func() {
			switch {
			case err == nil:
				lp.log.Info("backing node given back", "node", id, "provider", s.provider.Name, "reason", "taking it, or giving it back, was interrupted")
				lp.seeNode(id, n, 0)
			case !errors.Is(err, zk.ErrNoNode) && lp.ctx.Err() == nil:
				lp.after(errorRetry, func() { lp.abandonBacking(s, id, contender) })
			}
		})
	})
}
