package desire

import (
	"strconv"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// usage sums what node records take (4.5). Capacity is free only once the record is gone, so every state counts.
type usage struct {
	pools   map[PoolKey]map[string]float64
	tenants map[string]map[string]float64
}

func (p *pass) usage() *usage {
	if p.used != nil {
		return p.used
	}
	u := &usage{pools: map[PoolKey]map[string]float64{}, tenants: map[string]map[string]float64{}}
	for _, n := range p.Nodes {
		if n.TenantName != "" && n.Resources != nil && p.Config.TenantLimits[n.TenantName] != nil {
			addTo(u.tenants, n.TenantName, n.Resources)
		}
		key := PoolKey{n.Provider, n.Pool}
		pool := p.pool(key)
		if pool == nil || len(n.Type) == 0 {
			continue
		}
		label := pool.Labels[n.Type[0]]
		if label == nil {
			continue
		}
		if n.Resources != nil {
			addTo(u.pools, key, n.Resources)
		} else {
			addTo(u.pools, key, label.Resources)
		}
	}
	p.used = u
	for _, h := range p.Handlers { // records on their way
		pool := p.pool(PoolKey{h.Provider, h.Pool})
		for _, hn := range h.Nodes {
			if hn.ID == "" && pool != nil && pool.Labels[hn.Label] != nil {
				tenant := ""
				if r := p.Requests[h.Request]; r != nil {
					tenant = r.TenantName
				}
				p.reserve(pool, hn.Label, tenant)
			}
		}
	}
	return u
}

func addTo[K comparable](m map[K]map[string]float64, k K, r map[string]float64) {
	sum := m[k]
	if sum == nil {
		sum = map[string]float64{}
		m[k] = sum
	}
	for res, n := range r {
		sum[res] += n
	}
}

// reserve counts a node that this pass decided to launch.
func (p *pass) reserve(pool *config.Pool, label, tenant string) {
	u := p.usage()
	addTo(u.pools, PoolKey{pool.Provider.Name, pool.Name}, pool.Labels[label].Resources)
	if tenant != "" && p.Config.TenantLimits[tenant] != nil {
		addTo(u.tenants, tenant, pool.Labels[label].Resources)
	}
}

// need sums what the given labels of a pool take; labels the pool lacks count for nothing.
func need(pool *config.Pool, labels []string) map[string]float64 {
	sum := map[string]float64{}
	for _, l := range labels {
		if pl := pool.Labels[l]; pl != nil {
			for res, n := range pl.Resources {
				sum[res] += n
			}
		}
	}
	return sum
}

// exceeds names a resource of which limit - used - need is negative, "" when all fits. A missing limit is infinite.
func exceeds(limit, used, need map[string]float64) string {
	for _, res := range sortedKeys(limit) {
		if need[res] > 0 && limit[res]-used[res]-need[res] < 0 {
			return res
		}
	}
	return ""
}

// neverFits is the check before accepting: limits against the whole request, whatever is in use.
func (p *pass) neverFits(pool *config.Pool, r *record.Request) string {
	return exceeds(pool.Limits, nil, need(pool, r.NodeTypes))
}

// fitsNow is the check before launching one node.
func (p *pass) fitsNow(pool *config.Pool, label string) bool {
	used := p.usage().pools[PoolKey{pool.Provider.Name, pool.Name}]
	return exceeds(pool.Limits, used, pool.Labels[label].Resources) == ""
}

// overTenantLimit defers a request without writing anything.
func (p *pass) overTenantLimit(pool *config.Pool, r *record.Request) bool {
	if r.TenantName == "" {
		return false
	}
	limit := p.Config.TenantLimits[r.TenantName]
	return limit != nil && exceeds(limit, p.usage().tenants[r.TenantName], need(pool, r.NodeTypes)) != ""
}

// quote makes a label from ZooKeeper safe to print.
func quote(s string) string {
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	return strconv.QuoteToASCII(s)
}
