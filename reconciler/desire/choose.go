package desire

import (
	"cmp"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// choose assigns requests to our pools (4.3).
func (p *pass) choose() {
	var open []*record.Request // rule 1
	for id, r := range p.Requests {
		if r.State == record.RequestRequested && !r.Busy && p.Handlers[id] == nil && !p.taken[id] && !p.Now.Before(r.NotBefore) {
			open = append(open, r.Request)
		}
	}
	if len(open) == 0 {
		return
	}
	slices.SortFunc(open, order)
	for _, key := range p.own {
		pool := p.pools[key]
		for _, c := range p.byMissing(pool, open) {
			if !p.taken[c.ID] {
				p.consider(key, pool, c.Request, c.lacks > 0)
			}
		}
	}
}

// choice is a request as one pool sees it.
type choice struct {
	*record.Request
	lacks int // distinct labels that the pool has not
}

// byMissing puts requests that the pool can serve first, else keeps their order.
func (p *pass) byMissing(pool *config.Pool, open []*record.Request) []choice {
	out := make([]choice, 0, len(open))
	for _, r := range open {
		if p.taken[r.ID] {
			continue
		}
		c := choice{Request: r}
		for _, l := range p.seen(r).labels {
			if pool.Labels[l] == nil {
				c.lacks++
			}
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b choice) int { return cmp.Compare(a.lacks, b.lacks) })
	return out
}

const everyoneDeclined = "every registered pool has declined it"

// consider applies the rules of 4.3 in their order; the first that matches decides. Rules 11 and 12 are checked under
// the request's lock. Rule 7, for static providers, comes last: a request that the pool can never serve is declined
// also while all its machines are busy.
func (p *pass) consider(key PoolKey, pool *config.Pool, r *record.Request, lacks bool) {
	own := p.Own[key]
	if slices.Contains(r.DeclinedBy, own) { // 2
		if p.allDeclined(r) {
			p.taken[r.ID] = true
			p.note(key, r, Declines, "4.4.2", everyoneDeclined)
			p.add(Decline{Request: r.ID, PoolKey: key, Reasons: []string{everyoneDeclined}})
		} else {
			p.leave(key, r, "4.3.2", "declined")
		}
		return
	}
	ours := p.Pools[own]
	candidates := p.seen(r).candidates // 3
	for _, c := range candidates {
		if r.Provider != "" && r.Provider != key.Provider && c.ProviderName == r.Provider {
			p.leave(key, r, "4.3.4", "provider %s is asked for", r.Provider)
			return // 4: leave it to the provider asked for
		}
	}
	for _, c := range candidates {
		if c.Priority < ours.Priority && !c.Paused {
			p.leave(key, r, "4.3.5", "pool %s/%s goes first", c.ProviderName, c.Name)
			return // 5
		}
	}
	if lacks && len(candidates) > 0 {
		p.leave(key, r, "4.3.6", "other pools have the labels")
		return // 6: they go first
	}
	if p.overTenantLimit(pool, r) {
		p.leave(key, r, "4.3.8", "the limits of tenant %s are reached: %s", r.TenantName, lack{p.tenantLimit(r.TenantName), p.usage().tenants[r.TenantName], p.need(pool, r.NodeTypes)})
		return // 8
	}
	if p.unasked(pool) {
		p.leave(key, r, "4.4", "the cloud of the provider has not been asked yet what it has")
		return
	}
	reasons := p.declineReasons(pool, r)
	if len(reasons) == 0 {
		elsewhere := slices.ContainsFunc(candidates, func(c *record.Pool) bool { return c.ID != own })
		var wait bool
		if reasons, wait = p.heldBack(pool, r, elsewhere); wait {
			p.leave(key, r, "4.4", "another request tries whether the cloud makes its labels again")
			return
		}
	}
	if len(reasons) == 0 && p.paused[key] {
		p.leave(key, r, "4.3.9", "the pool is paused: an earlier request waits for quota")
		return // 9
	}
	if limit := pool.Provider.MaxConcurrency; len(reasons) == 0 && limit > 0 && p.active[key.Provider] >= limit {
		p.leave(key, r, "4.3.10", "max-concurrency of the provider is reached: %d of %d launches under way", p.active[key.Provider], limit)
		return // 10
	}
	if len(reasons) == 0 && p.Full && !pool.Provider.Static() {
		p.leave(key, r, "4.4", "the state directory of the launcher is nearly full")
		return
	}
	if len(reasons) == 0 && pool.Provider.Static() {
		// 7: upstream asks for one READY node of each label, of any provider, and then finds that it has too few.
		allocs, ok := p.staticFill(pool, r.NodeTypes)
		if !ok {
			p.leave(key, r, "4.3.7", "not enough of the pool's machines are free")
			return
		}
		p.taken[r.ID] = true
		p.note(key, r, Takes, "4.3.14")
		p.add(Accept{Request: r.ID, PoolKey: key, Allocs: allocs})
		return
	}
	p.taken[r.ID] = true
	if len(reasons) > 0 {
		p.note(key, r, Declines, "4.4", reasons...)
		p.add(Decline{Request: r.ID, PoolKey: key, Reasons: reasons}) // 13
		return
	}
	allocs, pause, refused := p.fill(pool, r, r.NodeTypes, "")
	if refused != "" {
		p.note(key, r, Declines, "4.6.2", refused)
		p.add(Decline{Request: r.ID, PoolKey: key, Reasons: []string{refused}})
		return
	}
	p.paused[key] = p.paused[key] || pause
	p.note(key, r, Takes, "4.3.14")
	p.add(Accept{Request: r.ID, PoolKey: key, Allocs: allocs, Pause: pause}) // 14
}

// allDeclined reports whether no registered pool is left that could still take or decline the request: the last one to
// be asked went away (its launcher died) after the others had declined. Upstream leaves such a request for ever.
func (p *pass) allDeclined(r *record.Request) bool {
	if p.Awaited() {
		return false
	}
	for id := range p.Pools {
		if !slices.Contains(r.DeclinedBy, id) {
			return false
		}
	}
	return true
}
