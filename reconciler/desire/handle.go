package desire

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// handlers serves the accepted requests (4.6.4 and 4.7), in request order.
func (p *pass) handlers() {
	ids := sortedKeys(p.Handlers)
	slices.SortStableFunc(ids, func(a, b string) int {
		ra, rb := p.Requests[a], p.Requests[b]
		if ra == nil || rb == nil {
			return 0
		}
		return order(ra.Request, rb.Request)
	})
	for _, id := range ids {
		h := p.Handlers[id]
		p.taken[id] = true
		if p.handle(h) {
			p.paused[PoolKey{h.Provider, h.Pool}] = true
		}
	}
}

// publishPaused tells the registry of pools that pause, or go on, since they last said.
func (p *pass) publishPaused() {
	for _, key := range p.ownPools() {
		if own := p.Pools[p.Own[key]]; own.Paused != p.paused[key] {
			p.add(SetPaused{key, p.paused[key]})
		}
	}
}

// handle decides about one handler and reports whether it is paused after that.
func (p *pass) handle(h *Handler) (paused bool) {
	if h.Busy {
		return h.Paused
	}
	launching := slices.ContainsFunc(h.Nodes, func(n HandlerNode) bool { return n.Status == Launching })
	r := p.Requests[h.Request]
	if r == nil || r.State != record.RequestPending {
		// Gone, or taken from us by a reset. Failures of launches under way are only acted on when all have ended.
		if launching {
			return h.Paused
		}
		p.add(Abandon{h.Request})
		return false
	}
	var failed, aborted []string
	for _, n := range h.Nodes {
		switch n.Status {
		case Failed:
			failed = append(failed, "node "+n.ID+" failed: "+n.Reason)
		case Aborted:
			aborted = append(aborted, n.ID)
		}
	}
	if h.Error != "" {
		failed = append(failed, h.Error)
	}
	key := PoolKey{h.Provider, h.Pool}
	pool := p.pool(key)
	if pool == nil {
		failed = append(failed, "its pool is not configured any more")
	} else if h.Paused {
		failed = append(failed, p.declineReasons(pool, r.Request)...)
	}
	switch {
	case len(failed) > 0 && launching:
		return h.Paused
	case len(failed) > 0:
		p.add(GiveUp{h.Request, failed})
		return false
	case h.Paused && p.Draining:
		if !launching {
			p.add(Yield{h.Request})
		}
		return false
	case h.Paused:
		return p.refill(h, pool, r)
	case launching:
		return false
	case len(aborted) > 0:
		p.add(DropAborted{h.Request, aborted})
		return true
	case len(h.Nodes) < len(r.NodeTypes):
		return p.refill(h, pool, r)
	}
	p.add(Fulfil{h.Request, aligned(r.NodeTypes, h.Nodes)})
	return false
}
