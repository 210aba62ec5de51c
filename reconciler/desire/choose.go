package desire

import (
	"cmp"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// choose assigns requests to our pools (4.3).
func (p *pass) choose() {
	var open []*Request
	for _, id := range sortedKeys(p.Requests) {
		r := p.Requests[id]
		if r.State == record.RequestRequested && !r.Busy && p.Handlers[id] == nil && !p.Now.Before(r.NotBefore) {
			open = append(open, r)
		}
	}
	if len(open) == 0 {
		return
	}
	for _, key := range p.ownPools() {
		pool := p.pool(key)
		sorted := slices.Clone(open)
		slices.SortFunc(sorted, func(a, b *Request) int {
			return cmp.Or(cmp.Compare(missing(pool, a.NodeTypes), missing(pool, b.NodeTypes)), order(a.Request, b.Request))
		})
		for _, r := range sorted {
			if !p.taken[r.ID] {
				p.consider(key, pool, r.Request)
			}
		}
	}
}

// missing counts the distinct labels that the pool lacks.
func missing(pool *config.Pool, labels []string) int {
	n := 0
	seen := map[string]bool{}
	for _, l := range labels {
		if !seen[l] && pool.Labels[l] == nil {
			n++
		}
		seen[l] = true
	}
	return n
}

// consider applies the rules of 4.3 in their order; the first that matches decides.
func (p *pass) consider(key PoolKey, pool *config.Pool, r *record.Request) {
	own := p.Own[key]
	if slices.Contains(r.DeclinedBy, own) {
		return // 2
	}
	lacks := missing(pool, r.NodeTypes) > 0
	candidates := p.candidates(r) // 3
	ours := p.Pools[own]
	for _, c := range candidates {
		if r.Provider != "" && r.Provider != key.Provider && c.ProviderName == r.Provider {
			return // 4: leave it to the provider asked for
		}
	}
	for _, c := range candidates {
		if c.Priority < ours.Priority && !c.Paused {
			return // 5
		}
	}
	if lacks && len(candidates) > 0 {
		return // 6: they go first
	}
	if p.overTenantLimit(pool, r) {
		return // 8
	}
	reasons := p.declineReasons(pool, r)
	if len(reasons) == 0 && p.paused[key] {
		return // 9
	}
	if prov := pool.Provider; len(reasons) == 0 && prov.MaxConcurrency > 0 && p.launching(prov.Name) >= prov.MaxConcurrency {
		return // 10
	}
	p.taken[r.ID] = true
	if len(reasons) > 0 {
		p.add(Decline{Request: r.ID, PoolKey: key, Reasons: reasons}) // 13
		return
	}
	allocs, pause, refused := p.fill(pool, r, nil, "")
	if refused != "" {
		p.add(Decline{Request: r.ID, PoolKey: key, Reasons: []string{refused}})
		return
	}
	p.paused[key] = p.paused[key] || pause
	p.add(Accept{Request: r.ID, PoolKey: key, Allocs: allocs, Pause: pause}) // 14
}

// candidates are the registered pools, ours included, that could serve the whole request and have not declined it.
func (p *pass) candidates(r *record.Request) []*record.Pool {
	var out []*record.Pool
	for _, id := range sortedKeys(p.Pools) {
		c := p.Pools[id]
		if slices.Contains(r.DeclinedBy, id) {
			continue
		}
		all := true
		for _, l := range r.NodeTypes {
			if !slices.Contains(c.SupportedLabels, l) {
				all = false
				break
			}
		}
		if all {
			out = append(out, c)
		}
	}
	return out
}

// declineReasons are those of 4.4, first match wins.
func (p *pass) declineReasons(pool *config.Pool, r *record.Request) []string {
	if unreadable(r, "node_types") {
		return []string{"the request's node_types cannot be read"}
	}
	if pool.MaxServers != nil && *pool.MaxServers <= 0 {
		return []string{"pool is disabled by max-servers"}
	}
	var reasons []string
	for _, l := range r.NodeTypes {
		if pool.Labels[l] == nil {
			reasons = append(reasons, "label "+quote(l)+" is not offered")
		}
	}
	if len(reasons) > 0 {
		return slices.Compact(reasons)
	}
	for _, l := range r.NodeTypes {
		if img := pool.Labels[l].DiskImage; img != "" && p.Images[ImageKey{pool.Provider.Name, img}] == "" {
			return []string{"image " + quote(img) + " of label " + quote(l) + " has no ready upload"}
		}
	}
	if over := p.neverFits(pool, r); over != "" {
		return []string{"it needs more " + over + " than the pool may ever have"}
	}
	return nil
}

func unreadable(r *record.Request, field string) bool {
	for _, problem := range r.Problems {
		if len(problem) >= len(field) && problem[:len(field)] == field {
			return true
		}
	}
	return false
}

// launching counts the provider's unfinished launches.
func (p *pass) launching(provider string) int {
	n := 0
	for _, h := range p.Handlers {
		if h.Provider != provider {
			continue
		}
		for _, hn := range h.Nodes {
			if hn.Status == Launching {
				n++
			}
		}
	}
	for _, d := range p.out {
		if a, ok := d.(Accept); ok && a.Provider == provider {
			for _, al := range a.Allocs {
				if al.Reuse == "" {
					n++
				}
			}
		}
	}
	return n
}
