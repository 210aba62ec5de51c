package reconciler

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// lookAfter waits for the lock on a provider's machines.
func (lp *loop) lookAfter(m *machines, dir string) {
	lp.do(func(context.Context) {
		err := lp.s.EnsurePath(m.ctx, staticPath)
		var lk *lock.Lock
		if err == nil {
			lk, err = lock.Acquire(m.ctx, lp.s, dir, lp.l.fqdn)
		}
		lp.post(func() {
			switch {
			case err == nil && m.ctx.Err() != nil:
				release(lp.ctx, lk)
			case err == nil:
				m.lock = lk
				lp.log.Info("machines are looked after by this launcher", "provider", m.provider.Name)
				lp.catchUpMachines(m)
			case m.ctx.Err() == nil:
				lp.log.Warn("the lock on a provider's machines could not be taken; it is tried again", "provider", m.provider.Name, "err", err)
				lp.after(errorRetry, func() { lp.lookAfter(m, dir) })
			}
		})
	})
}

// leaveMachines gives them to the next launcher that waits.
func (lp *loop) leaveMachines(m *machines) {
	m.leave()
	if lk := m.lock; lk != nil {
		m.lock = nil
		lp.do(func(ctx context.Context) { release(ctx, lk) })
	}
}

// lostMachines begins anew after somebody removed the lock.
func (lp *loop) lostMachines(m *machines) {
	lk := m.lock
	if lk == nil {
		return
	}
	lp.log.Warn("the lock on a provider's machines is gone; it is taken again", "provider", m.provider.Name)
	m.lock, m.complete = nil, false
	lp.do(func(ctx context.Context) {
		release(ctx, lk)
		lp.post(func() {
			if m.ctx.Err() == nil {
				lp.lookAfter(m, lk.Dir()) //nolint:contextcheck // lives as long as the session
			}
		})
	})
}

// catchUpMachines reads the node records that the cache has not told of yet: what was created under the lock before,
// by another launcher or by us with a lost reply, is seen before anything is registered. The list costs a name for each
// node of the fleet, once each time the lock is taken.
func (lp *loop) catchUpMachines(m *machines) {
	unclear := m.unclear
	lp.do(func(ctx context.Context) {
		ids, _, err := lp.s.Children(ctx, nodesPath)
		lp.post(func() {
			var unseen []string
			for _, id := range ids {
				if lp.view.Nodes[id] == nil && !lp.unclear[nodePath(id)] {
					unseen = append(unseen, id)
				}
			}
			lp.readUnseen(m, unclear, unseen, err)
		})
	})
}

func (lp *loop) readUnseen(m *machines, unclear int, ids []string, err error) {
	type read struct {
		n     *record.Node
		mzxid int64
	}
	lp.do(func(ctx context.Context) {
		var found []read
		for _, id := range ids {
			if err != nil {
				break
			}
			var data []byte
			var stat *zk.Stat
			data, stat, err = lp.s.Get(ctx, nodePath(id))
			if errors.Is(err, zk.ErrNoNode) {
				err = nil
				continue
			}
			if err != nil {
				break
			}
			if n, err := record.ParseNode(id, data); err == nil { // else it is no node of anybody's
				found = append(found, read{n, stat.Mzxid})
			}
		}
		lp.post(func() {
			if m.lock == nil {
				return
			}
			for _, r := range found {
				lp.seeNode(r.n.ID, r.n, r.mzxid)
			}
			if err != nil || m.unclear != unclear {
				lp.after(100*time.Millisecond, func() { lp.catchUpMachines(m) })
				return
			}
			m.complete, lp.machinesDue = true, true
		})
	})
}
