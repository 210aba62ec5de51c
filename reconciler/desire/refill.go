package desire

import "github.com/nodepool-tf/nodepool-tf/reconciler/config"

// refill adds what is missing to a handler, as far as quota allows now.
func (p *pass) refill(h *Handler, pool *config.Pool, r *Request) (paused bool) {
	allocs, pause, refused := p.fill(pool, r.Request, h.Nodes, h.Zone)
	if refused != "" {
		p.add(GiveUp{h.Request, []string{refused}})
		return false
	}
	if len(allocs) > 0 || pause != h.Paused {
		p.add(Fill{Request: h.Request, Allocs: allocs, Pause: pause})
	}
	return pause
}

// aligned orders node ids as node_types wants them: for each entry the first recorded node of its label that is not
// used yet.
func aligned(types []string, nodes []HandlerNode) []string {
	byLabel := map[string][]string{}
	for _, n := range nodes {
		byLabel[n.Label] = append(byLabel[n.Label], n.ID)
	}
	out := make([]string, 0, len(types))
	for _, t := range types {
		if ids := byLabel[t]; len(ids) > 0 {
			out, byLabel[t] = append(out, ids[0]), ids[1:]
		}
	}
	return out
}
