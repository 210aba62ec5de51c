package desire

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// handlers serves the accepted requests (4.6.4 and 4.7), in request order; those whose request is gone come first.
func (p *pass) handlers() {
	ids := sortedKeys(p.Handlers)
	slices.SortStableFunc(ids, func(a, b string) int {
		ra, rb := p.Requests[a], p.Requests[b]
		switch {
		case ra != nil && rb != nil:
			return order(ra.Request, rb.Request)
		case ra != nil:
			return 1
		case rb != nil:
			return -1
		}
		return 0
	})
	for _, id := range ids {
		h := p.Handlers[id]
		p.taken[id] = true
		if p.handle(h) {
			p.paused[PoolKey{h.Provider, h.Pool}] = true
		}
	}
}

// publishPaused tells the registry of pools that pause, or go on, since they last said. A full disk pauses a pool as far as
// others are concerned, or those that it goes before would leave to it what it leaves alone (4.3.5).
func (p *pass) publishPaused() {
	for _, key := range p.own {
		paused := p.paused[key] || p.Full && !p.pools[key].Provider.Static()
		if p.Pools[p.Own[key]].Paused != paused {
			p.add(SetPaused{key, paused})
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
		// Gone, or taken from us by a reset.
		if launching {
			return h.Paused
		}
		p.add(Abandon{h.Request})
		return false
	}
	pool := p.pools[PoolKey{h.Provider, h.Pool}]
	lacks := lacking(r.NodeTypes, h.Nodes)
	aborted := h.aborted()
	wrong := p.whatIsWrong(h, r.Request, pool, len(lacks) > 0)
	switch {
	case len(wrong) > 0 && launching:
		return h.Paused // acted on when all launches have ended
	case len(wrong) > 0:
		p.add(GiveUp{h.Request, shortened(wrong)})
		return false
	case len(aborted) > 0 && !launching:
		p.add(DropAborted{h.Request, aborted})
		return true
	case h.Paused && p.Draining:
		if !launching {
			p.add(Yield{h.Request})
		}
		return false
	case (h.Paused || len(lacks) > 0) && p.unasked(pool):
		return h.Paused // it waits like one that is open: soon more is known
	case len(lacks) > 0 && pool.Provider.Static():
		p.staticRefill(h, pool, lacks, launching)
		return false
	case h.Paused, len(lacks) > 0:
		return p.refill(h, pool, r.Request, lacks, launching)
	case launching:
		return false
	}
	p.add(Fulfil{h.Request, aligned(r.NodeTypes, h.Nodes)})
	return false
}

// whatIsWrong lists why a request in hand has to be declined. Whether it could still be served only matters to those
// that need more nodes.
func (p *pass) whatIsWrong(h *Handler, r *record.Request, pool *config.Pool, lacks bool) []string {
	var out []string
	for _, n := range h.Nodes {
		if n.Status == Failed {
			out = append(out, "node "+n.ID+" failed: "+n.Reason)
		}
	}
	if h.Error != "" {
		out = append(out, h.Error)
	}
	switch {
	case pool == nil && (h.Paused || lacks):
		return append(out, "its pool is not configured any more")
	case pool == nil: // what it has is handed over
		return out
	case (h.Paused || lacks) && !p.unasked(pool):
		out = append(out, p.declineReasons(pool, r)...)
	}
	if r.Requestor == RequestorMinReady && len(h.aborted()) > 0 {
		out = append(out, minReadyAtQuota)
	}
	return out
}

func (h *Handler) aborted() []string {
	var ids []string
	for _, n := range h.Nodes {
		if n.Status == Aborted {
			ids = append(ids, n.ID)
		}
	}
	return ids
}
