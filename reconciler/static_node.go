package reconciler

import (
	"context"
	"errors"
	"path"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// registerNode creates the READY record of a slot, in one step with a look whether the lock on the machines is held.
func (lp *loop) registerNode(m *machines, r static.Register) {
	at := static.Slot{Machine: r.Machine.ID(), Slot: r.Slot}
	m.creating[at] = true
	lk := m.lock
	n := static.NewNode(r.Machine, r.Slot, r.Host, time.Now())
	lp.do(func(ctx context.Context) {
		made, err := lp.s.Multi(ctx, lk.Check(), session.CreateOp(nodesPath+"/", n.Encode(), zk.FlagSequence))
		lp.post(func() {
			delete(m.creating, at)
			lp.machinesDue = true
			switch {
			case err == nil:
				n.ID = path.Base(made[1].String)
				lp.log.Info("static node registered", "node", n.ID, "provider", n.Provider, "pool", n.Pool, "host", n.Hostname, "slot", r.Slot, "labels", n.Type)
				if lp.view.Nodes[n.ID] == nil { // else the cache was faster, and knows what became of it
					lp.seeNode(n.ID, n, 0)
				}
			case errors.Is(err, zk.ErrConnectionClosed): // it may be there
				m.unclear++
				if m.complete {
					m.complete = false
					lp.catchUpMachines(m)
				}
			case errors.Is(err, zk.ErrNoNode):
				if m.lock == lk {
					lp.lostMachines(m)
				}
			case lp.ctx.Err() == nil:
				lp.log.Warn("static node could not be registered; it is tried again", "provider", n.Provider, "pool", n.Pool, "host", n.Hostname, "slot", r.Slot, "err", err)
			}
		})
	})
}

// rewriteNode brings an unused node up to date: lock, read again, write.
func (lp *loop) rewriteNode(r static.Rewrite) {
	end := lp.busyNode(r.Node)
	lp.do(func(ctx context.Context) {
		n, err := lockNode(ctx, lp.s, r.Node)
		var mzxid int64
		if err == nil {
			if n.State != record.NodeReady || n.AllocatedTo != "" || static.IDOf(n.Node) != r.Machine.ID() {
				err = errTaken
			} else {
				static.Describe(n.Node, r.Machine, r.Slot, r.Host)
				mzxid, err = n.save(ctx, lp.s)
			}
			release(ctx, n.lock)
		}
		lp.post(func() {
			if err != nil {
				end(errorRetry)
				lp.nodeError(r.Node, "rewrite", err)
				return
			}
			end(0)
			lp.log.Info("static node rewritten", "node", r.Node, "provider", n.Provider, "pool", n.Pool, "host", n.Hostname, "slot", r.Slot, "labels", n.Type)
			lp.seeNode(r.Node, n.Node, mzxid)
		})
	})
}
