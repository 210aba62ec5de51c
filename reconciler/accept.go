package reconciler

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Waits before something is tried again.
const (
	lockedRetry = 100 * time.Millisecond // somebody else holds the lock, usually for a moment
	errorRetry  = time.Second
)

// accept takes a request: lock, read again, pending (protocol.md 4.6.1). The handler exists from the decision on, so
// that the next pass counts what it is about to take.
func (lp *loop) accept(d desire.Accept) {
	end := lp.busyRequest(d.Request)
	own := lp.l.own[d.PoolKey]
	h := &handler{
		Handler: desire.Handler{Request: d.Request, Provider: d.Provider, Pool: d.Pool, Paused: d.Pause, Busy: true},
		own:     own, nodes: map[string]*lockedNode{},
	}
	lp.handlers[d.Request] = h
	lp.view.Handlers[d.Request] = &h.Handler
	begin := lp.allocate(h, d.Allocs)
	lp.do(func(ctx context.Context) {
		req, err := lockRequest(ctx, lp.s, d.Request)
		if err == nil && (req.State != record.RequestRequested || slices.Contains(req.DeclinedBy, own)) {
			release(ctx, req.lock)
			err = errTaken
		}
		var mzxid int64
		if err == nil {
			req.SetState(record.RequestPending, time.Now())
			if mzxid, err = req.save(ctx); err != nil {
				release(ctx, req.lock)
			}
		}
		lp.post(func() {
			h.Busy = false
			if err != nil {
				lp.drop(h)
				lp.requestFailed(d.Request, "accept", err, end)
				return
			}
			end(0)
			lp.log.Info("request accepted", "request", d.Request, "provider", d.Provider, "pool", d.Pool, "labels", len(req.NodeTypes))
			h.req = req
			lp.seeRequest(d.Request, req.Clone(), mzxid)
			begin()
		})
	})
}

// requestFailed ends an effect on a request that we do not hold. It runs in the loop.
func (lp *loop) requestFailed(id, op string, err error, end func(time.Duration)) {
	switch {
	case errors.Is(err, lock.ErrBusy):
		end(lockedRetry)
	case errors.Is(err, zk.ErrNoNode):
		end(0)
		lp.seeRequest(id, nil, 0)
	case errors.Is(err, zk.ErrBadVersion), errors.Is(err, errTaken), errors.Is(err, errNotOurs):
		end(lockedRetry) // the change is on its way to us
	default:
		end(errorRetry)
		if lp.ctx.Err() == nil {
			lp.log.Warn("request could not be handled; it is tried again", "request", id, "op", op, "err", err)
		}
	}
}

// fill adds nodes to a handler.
func (lp *loop) fill(d desire.Fill) {
	h := lp.handlers[d.Request]
	h.Paused = d.Pause
	lp.allocate(h, d.Allocs)()
}

// decline refuses a request that was not accepted: lock, read again, write, unlock (protocol.md 4.4).
func (lp *loop) decline(d desire.Decline) {
	end := lp.busyRequest(d.Request)
	own, pools := lp.l.own[d.PoolKey], lp.registered()
	lp.do(func(ctx context.Context) {
		req, err := lockRequest(ctx, lp.s, d.Request)
		var mzxid int64
		// One that we have declined before is looked at again when the last other pool has gone: nobody else fails it.
		if err == nil && req.State == record.RequestRequested {
			desire.Refuse(req.Request, own, pools.now(ctx, lp.s), time.Now())
			mzxid, err = req.finish(ctx, lp.s, nil)
			if err != nil {
				release(ctx, req.lock)
			}
		} else if err == nil {
			release(ctx, req.lock)
		}
		lp.post(func() {
			if err != nil {
				lp.requestFailed(d.Request, "decline", err, end)
				return
			}
			end(0)
			lp.declined(d.Provider, d.Pool, d.Reasons)
			lp.log.Info("request declined", "request", d.Request, "provider", d.Provider, "pool", d.Pool, "reasons", d.Reasons, "state", req.State)
			lp.seeRequest(d.Request, req.Request, mzxid)
		})
	})
}
