package desire

import (
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// usage sums what is taken of the limits there are (4.5). Capacity is free only once the record is gone, so every
// state counts.
type usage struct {
	pools     map[PoolKey]map[string]float64
	providers map[string]map[string]float64 // those with a quota of their cloud
	tenants   map[string]map[string]float64
}

func (p *pass) usage() *usage {
	if p.used != nil {
		return p.used
	}
	p.used = &usage{pools: map[PoolKey]map[string]float64{}, providers: map[string]map[string]float64{}, tenants: map[string]map[string]float64{}}
	coming := p.coming()
	for _, n := range p.Nodes {
		if n.Resources != nil && p.tenantLimit(n.TenantName) != nil {
			addTo(p.used.tenants, n.TenantName, n.Resources, 1)
		}
		if len(n.Type) == 0 {
			continue
		}
		key := PoolKey{n.Provider, n.Pool}
		pool := p.pools[key]
		if pool == nil {
			continue
		}
		label := pool.Labels[n.Type[0]]
		switch {
		case label == nil:
			continue
		case n.Resources != nil:
			p.count(pool, n.Resources, 1)
		default:
			p.count(pool, p.Resources(label), 1)
		}
		if len(coming) > 0 {
			arrive(coming, n)
		}
	}
	for at, c := range coming {
		resources := p.Resources(c.pool.Labels[at.label])
		p.count(c.pool, resources, max(0, c.expected-c.seen))
		if p.tenantLimit(c.tenant) != nil {
			addTo(p.used.tenants, c.tenant, resources, max(0, c.expected-c.counted))
		}
	}
	return p.used
}

// entry is a label of a request, or all nodes of that label if it is wanted more than once.
type entry struct{ request, label string }

// expected are nodes whose records are being created.
type expected struct {
	pool     *config.Pool
	tenant   string
	expected float64
	seen     float64 // records that are there already, before their creator has heard of it
	counted  float64 // of these, those with resources: only they count for the tenant
}

// coming lists the nodes that handlers are creating.
func (p *pass) coming() map[entry]*expected {
	var out map[entry]*expected
	for id, h := range p.Handlers {
		pool := p.pools[PoolKey{h.Provider, h.Pool}]
		for _, n := range h.Nodes {
			if n.ID != "" || n.Status != Launching || pool == nil || pool.Labels[n.Label] == nil {
				continue
			}
			if out == nil {
				out = map[entry]*expected{}
			}
			at := entry{id, n.Label}
			if out[at] == nil {
				out[at] = &expected{pool: pool}
				if r := p.Requests[id]; r != nil {
					out[at].tenant = r.TenantName
				}
			}
			out[at].expected++
		}
	}
	return out
}

// arrive notes a record that is one of those expected: its watch may be faster than the answer to its creator.
func arrive(coming map[entry]*expected, n *Node) {
	if n.Held || (n.State != record.NodeInit && n.State != record.NodeBuilding) {
		return
	}
	c := coming[entry{n.AllocatedTo, n.Type[0]}]
	if c == nil || keyOf(c.pool) != (PoolKey{n.Provider, n.Pool}) {
		return
	}
	c.seen++
	if n.Resources != nil {
		c.counted++
	}
}

// reserve counts a node that this pass decided to launch; times -1 takes it back.
func (p *pass) reserve(pool *config.Pool, label, tenant string, times float64) {
	p.active[pool.Provider.Name] += int(times)
	p.begun[poolLabel{keyOf(pool), label}] += int(times)
	p.begun[poolLabel{PoolKey: keyOf(pool)}] += int(times)
	tenantLimited := p.tenantLimit(tenant) != nil
	if len(pool.Limits) == 0 && !p.limited(pool) && !tenantLimited {
		return
	}
	resources := p.Resources(pool.Labels[label])
	p.usage()
	p.count(pool, resources, times)
	if tenantLimited {
		addTo(p.used.tenants, tenant, resources, times)
	}
}

// count adds to what is used of a pool and of its cloud's quota, where they are limited.
func (p *pass) count(pool *config.Pool, resources map[string]float64, times float64) {
	if len(pool.Limits) > 0 {
		addTo(p.used.pools, keyOf(pool), resources, times)
	}
	if p.limited(pool) {
		addTo(p.used.providers, pool.Provider.Name, resources, times)
	}
}

// limited tells whether the quota of a pool's cloud is known.
func (p *pass) limited(pool *config.Pool) bool {
	c := p.Clouds[pool.Provider.Name]
	return c != nil && len(c.Limits) > 0
}

func addTo[K comparable](m map[K]map[string]float64, k K, r map[string]float64, times float64) {
	sum := m[k]
	if sum == nil {
		sum = map[string]float64{}
		m[k] = sum
	}
	for res, n := range r {
		sum[res] += n * times
	}
}
