package reconciler

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// drop forgets a handler. Its locks were released, or are lost.
func (lp *loop) drop(h *handler) {
	delete(lp.handlers, h.Request)
	delete(lp.view.Handlers, h.Request)
	for _, hn := range h.Nodes {
		if hn.ID != "" {
			delete(lp.launches, hn.ID)
			if n := lp.view.Nodes[hn.ID]; n != nil && h.req == nil {
				n.Busy = false // spoken for by a request that was never taken
			}
			lp.hold(hn.ID, false)
		}
	}
	for id := range h.nodes {
		lp.hold(id, false)
	}
}

// fulfil hands the nodes over (protocol.md 4.6.4 steps 8 and 9).
func (lp *loop) fulfil(d desire.Fulfil) {
	h := lp.handlers[d.Request]
	if len(d.Nodes) != len(h.req.NodeTypes) {
		h.Error = "nodes do not match the request's node_types"
		return
	}
	h.Busy = true
	var nodes []*lockedNode
	for _, n := range h.nodes {
		nodes = append(nodes, n)
	}
	r := h.req
	lp.do(func(ctx context.Context) {
		r.Nodes = d.Nodes
		r.SetState(record.RequestFulfilled, time.Now())
		mzxid, err := r.finish(ctx, lp.s, nodes)
		lp.post(func() {
			h.Busy = false
			if err != nil {
				lp.unfinished(h, "fulfil", err)
				return
			}
			lp.drop(h)
			said := []any{"request", r.ID, "provider", h.Provider, "pool", h.Pool, "nodes", d.Nodes}
			if r.CreatedTime != nil { // a launcher's own for min-ready have none
				took := time.Duration(max(0, record.Now(time.Now())-*r.CreatedTime) * float64(time.Second)) // its clock may be ahead of ours
				lp.l.opts.Meter.Fulfilled(took)
				said = append(said, "dur", took.Round(time.Millisecond))
			}
			lp.log.Info("request fulfilled", said...)
			if mzxid != 0 {
				lp.seeRequest(r.ID, r.Request, mzxid)
			}
		})
	})
}

// unfinished handles a final write that failed: the next pass decides again on what is then known. It runs in the
// loop.
func (lp *loop) unfinished(h *handler, op string, err error) {
	r := h.req
	r.Request = r.Clone()
	r.SetState(record.RequestPending, time.Now())
	r.Nodes = nil
	switch {
	case lp.ctx.Err() != nil:
	case errors.Is(err, zk.ErrNoNode):
		// The request is gone, or one of our locks: which one, the next reads tell.
		lp.recheck(h)
	default:
		lp.log.Warn("request could not be finished; it is tried again", "request", r.ID, "op", op, "err", err)
		h.Busy = true
		lp.after(errorRetry, func() { lp.recheck(h) })
	}
}

// recheck reads a handler's request and looks after its locks, without the cache. A handler that lost the request's
// lock is forgotten (protocol.md 3.5): somebody else may be at work on it.
func (lp *loop) recheck(h *handler) {
	h.Busy = true
	lp.do(func(ctx context.Context) {
		data, stat, err := lp.s.Get(ctx, requestPath(h.Request))
		held, _, heldErr := lp.s.Exists(ctx, h.req.lock.Contender())
		lost := map[string]bool{}
		for id, n := range h.nodes {
			if ok, _, err := lp.s.Exists(ctx, n.lock.Contender()); err == nil && !ok {
				lost[id] = true
			}
		}
		lp.post(func() {
			h.Busy = false
			switch {
			case errors.Is(err, zk.ErrNoNode):
				lp.seeRequest(h.Request, nil, 0)
			case err == nil:
				if r, err := record.ParseRequest(h.Request, data); err == nil {
					h.req.Request, h.req.version = r, stat.Version
					lp.seeRequest(h.Request, r.Clone(), stat.Mzxid)
				} else {
					lp.log.Warn("request was overwritten with something unreadable; it is given up", "request", h.Request, "err", err)
					lp.seeRequest(h.Request, nil, 0)
				}
			}
			if heldErr == nil && !held {
				lp.log.Warn("lock of a request is gone; it is forgotten here", "request", h.Request)
				lp.forgetHandler(h)
				return
			}
			for id := range lost {
				h.forget(id)
				lp.hold(id, false)
				lp.log.Warn("lock of a node is gone; another node takes its place", "node", id, "request", h.Request)
			}
		})
	})
}

// forgetHandler lets go of a handler without writing to its request.
func (lp *loop) forgetHandler(h *handler) {
	for _, n := range h.nodes {
		lp.do(func(ctx context.Context) { release(ctx, n.lock) })
	}
	lp.drop(h)
}

// giveUp declines a request in hand (protocol.md 4.6.4 step 6).
func (lp *loop) giveUp(d desire.GiveUp) {
	h := lp.handlers[d.Request]
	pools := lp.registered()
	lp.declined(h.Provider, h.Pool, d.Reasons)
	lp.letGo(h, "decline", d.Reasons, func(r *record.Request) { desire.Refuse(r, h.own, pools.now(lp.ctx, lp.s), time.Now()) })
}

// yield gives a request back as it came.
func (lp *loop) yield(d desire.Yield) {
	lp.letGo(lp.handlers[d.Request], "give back", nil, func(r *record.Request) { r.SetState(record.RequestRequested, time.Now()) })
}

// abandon lets go of a handler whose request is gone or was taken from it (protocol.md 4.6.4 step 5).
func (lp *loop) abandon(d desire.Abandon) {
	lp.letGo(lp.handlers[d.Request], "abandon", []string{"request is gone"}, nil)
}

// letGo ends a handler that does not hand over its nodes: they are freed and unlocked, then the request is written
// (unless write is nil) and unlocked.
func (lp *loop) letGo(h *handler, op string, reasons []string, write func(*record.Request)) {
	h.Busy = true
	nodes := make([]*lockedNode, 0, len(h.nodes))
	for _, n := range h.nodes {
		nodes = append(nodes, n)
	}
	r := h.req
	lp.do(func(ctx context.Context) {
		freed := map[string]int64{}
		for _, n := range nodes {
			freed[n.ID] = lp.free(ctx, n)
		}
		var mzxid int64
		var err error
		if write != nil {
			write(r.Request)
			if mzxid, err = r.finish(ctx, lp.s, nil); err != nil {
				release(ctx, r.lock)
			}
		} else {
			release(ctx, r.lock)
		}
		lp.post(func() {
			h.Busy = false
			lp.drop(h)
			for _, n := range nodes {
				if m := freed[n.ID]; m != 0 {
					lp.seeNode(n.ID, n.Clone(), m)
				}
			}
			switch {
			case errors.Is(err, zk.ErrNoNode):
				lp.checkRequest(r.ID)
			case err != nil && lp.ctx.Err() == nil:
				// The record still says pending and is unlocked: it is found as a lost request.
				lp.log.Warn("request could not be written", "request", r.ID, "op", op, "err", err)
			case mzxid != 0:
				lp.seeRequest(r.ID, r.Request, mzxid)
			}
			if err == nil {
				lp.log.Info("request let go", "request", r.ID, "provider", h.Provider, "pool", h.Pool, "op", op, "reasons", reasons, "state", r.State)
			}
		})
	})
}

// free deallocates a node and gives its lock back. It returns the transaction of the write.
func (lp *loop) free(ctx context.Context, n *lockedNode) int64 {
	var mzxid int64
	if n.State == record.NodeReady && n.AllocatedTo != "" {
		n.AllocatedTo = ""
		if m, err := n.save(ctx, lp.s); err == nil {
			mzxid = m
		} else if ctx.Err() == nil {
			lp.log.Warn("node could not be deallocated; the reaper does it", "node", n.ID, "err", err)
		}
	}
	release(ctx, n.lock)
	return mzxid
}

// checkRequest reads a request without the cache and forgets it if it is gone.
func (lp *loop) checkRequest(id string) {
	lp.do(func(ctx context.Context) {
		if ok, _, err := lp.s.Exists(ctx, requestPath(id)); err == nil && !ok {
			lp.post(func() { lp.seeRequest(id, nil, 0) })
		}
	})
}

// dropAborted unlocks nodes that a quota error aborted. They stay allocated; the reaper destroys them, and their
// labels are launched again once quota allows (protocol.md 4.6.4 step 7).
func (lp *loop) dropAborted(d desire.DropAborted) {
	h := lp.handlers[d.Request]
	h.Paused = true
	for _, id := range d.Nodes {
		n := h.nodes[id]
		h.forget(id)
		lp.hold(id, false)
		if n != nil {
			lp.do(func(ctx context.Context) { release(ctx, n.lock) })
		}
	}
}
