package reconciler

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// resume takes up a request that this launcher worked on before it restarted or lost its session: its nodes are
// locked again, launches that went on meanwhile are followed, and nothing is launched twice.
func (lp *loop) resume(d desire.Resume) {
	endRequest := lp.busyRequest(d.Request)
	ends := make([]func(time.Duration), len(d.Nodes))
	for i, id := range d.Nodes {
		ends[i] = lp.busyNode(id)
	}
	lp.do(func(ctx context.Context) {
		req, nodes, err := lp.lockAll(ctx, d)
		lp.post(func() {
			for _, end := range ends {
				end(0)
			}
			if err != nil {
				// Usually our own locks of the session before: they go when it expires.
				lp.requestFailed(d.Request, "resume", err, endRequest)
				if r := lp.view.Requests[d.Request]; r != nil && errors.Is(err, lock.ErrBusy) {
					lp.later(&r.NotBefore, errorRetry)
				}
				return
			}
			endRequest(0)
			own := lp.l.own[d.PoolKey]
			if own == "" { // the pool was taken from the configuration: the request is lost
				lp.letAllGo(req, nodes)
				return
			}
			lp.log.Info("request resumed", "request", d.Request, "provider", d.Provider, "pool", d.Pool, "nodes", d.Nodes)
			h := &handler{
				Handler: desire.Handler{Request: d.Request, Provider: d.Provider, Pool: d.Pool},
				own:     own, req: req, nodes: map[string]*lockedNode{},
			}
			lp.handlers[d.Request] = h
			lp.view.Handlers[d.Request] = &h.Handler
			for _, n := range nodes {
				lp.takeUp(h, n)
			}
		})
	})
}

// letAllGo unlocks what lockAll has locked.
func (lp *loop) letAllGo(req *lockedRequest, nodes []*lockedNode) {
	lp.do(func(ctx context.Context) {
		for _, n := range nodes {
			release(ctx, n.lock)
		}
		release(ctx, req.lock)
	})
}

var errNotOurs = errors.New("request is not pending any more, or its nodes changed")

// lockAll locks a pending request and its nodes, or nothing.
func (lp *loop) lockAll(ctx context.Context, d desire.Resume) (req *lockedRequest, nodes []*lockedNode, err error) {
	req, err = lockRequest(ctx, lp.s, d.Request)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			for _, n := range nodes {
				release(ctx, n.lock)
			}
			release(ctx, req.lock)
		}
	}()
	if req.State != record.RequestPending {
		return req, nil, errNotOurs
	}
	for _, id := range d.Nodes {
		n, err := lockNode(ctx, lp.s, id)
		if errors.Is(err, zk.ErrNoNode) || errors.Is(err, errHusk) {
			err = errNotOurs // the node is gone, not the request
		}
		if err != nil {
			return req, nodes, err
		}
		nodes = append(nodes, n)
		if n.AllocatedTo != d.Request {
			return req, nodes, errNotOurs
		}
	}
	return req, nodes, nil
}

// takeUp adds a locked node to a resumed handler, as far as it has got.
func (lp *loop) takeUp(h *handler, n *lockedNode) {
	label := lp.label(h.Provider, h.Pool, n.Type[0])
	hn := desire.HandlerNode{Label: n.Type[0], ID: n.ID, Status: desire.Ready}
	lp.hold(n.ID, true)
	switch n.State {
	case record.NodeReady:
	case record.NodeInit, record.NodeBuilding:
		hn.Status = desire.Launching
	case record.NodeAborted:
		hn.Status = desire.Aborted
	case record.NodeFailed:
		hn.Status, hn.Reason = desire.Failed, "its launch failed before the launcher was restarted"
	default:
		// Deleted by somebody meanwhile: not ours any more.
		lp.hold(n.ID, false)
		lp.do(func(ctx context.Context) { release(ctx, n.lock) })
		return
	}
	h.nodes[n.ID] = n
	h.slot(hn)
	if h.Zone == "" {
		h.Zone = n.AZ
	}
	if hn.Status != desire.Launching {
		return
	}
	if label == nil {
		at := h.node(n.ID)
		at.Status, at.Reason = desire.Failed, errUnconfigured.Error()
		return
	}
	from := lp.basisOf(label)
	la := &launch{node: n, handler: h, label: label, attempt: 1, tries: newTries(1), image: from.id, began: time.Now()}
	lp.launches[n.ID] = la
	if n.State == record.NodeInit {
		n.SetState(record.NodeBuilding, time.Now()) // written with the next change
		fromLabel(n.Node, label, from)
	}
	lp.catchUp(la)
}

// catchUp finds out how far a launch has got while nobody followed it.
func (lp *loop) catchUp(la *launch) {
	o, known := lp.l.manager.State(la.node.ID)
	if !known {
		lp.start(la) // nothing was begun
		return
	}
	la.attempt = max(1, o.Attempt)
	la.counted = la.attempt
	switch o.Kind {
	case workspace.Queued, workspace.Applying:
		la.phase = applying
	case workspace.Created, workspace.Failed:
		la.phase = applying
		lp.launchOutcome(la, o)
	case workspace.DestroyFailed:
		la.reason = o.Err // why the attempt failed, nobody remembers
		la.counted++      // nor whether it did; so the launch ends in time
		lp.clean(la)
	}
}
