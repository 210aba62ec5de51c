package desire

import (
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// staticRefill looks for other nodes when a machine that was to be handed out did not answer. Without any the request is
// given back, undeclined: a static pool never pauses (4.7).
func (p *pass) staticRefill(h *Handler, pool *config.Pool, lacks []string, launching bool) {
	switch allocs, ok := p.staticFill(pool, lacks); {
	case ok:
		p.add(Fill{Request: h.Request, Allocs: allocs})
	case !launching:
		p.add(Yield{h.Request})
	}
}

// refill adds what is missing to a handler, as far as quota allows now. Of several that wait for quota in one pool only
// the most urgent keeps its nodes: two that each hold what the other lacks would wait for ever.
func (p *pass) refill(h *Handler, pool *config.Pool, r *record.Request, lacks []string, launching bool) (paused bool) {
	allocs, pause, refused := p.fill(pool, r, lacks, h.Zone)
	switch {
	case refused != "" && launching:
		return h.Paused
	case refused != "":
		p.add(GiveUp{h.Request, []string{refused}})
		return false
	case pause && !launching && len(h.Nodes) > 0 && p.paused[keyOf(pool)]:
		p.giveBack(pool, r, allocs)
		p.add(Yield{h.Request})
		return false
	case len(allocs) > 0 || pause != h.Paused:
		p.add(Fill{Request: h.Request, Allocs: allocs, Pause: pause})
	}
	return pause
}
