package desire

import (
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// slack absorbs rounding: three times 0.1 fits into 0.3, in whatever order it is added up.
const slack = 1e-6

// exceeds names a resource of which limit - used - need is negative, "" when all fits. A missing limit is infinite
// (4.5).
func exceeds(limit, used, need map[string]float64) string {
	over := ""
	for res, l := range limit {
		if l-used[res]-need[res] < -slack && (over == "" || res < over) {
			over = res
		}
	}
	return over
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

// neverFits is the check before accepting: limits against the whole request, whatever is in use.
func neverFits(pool *config.Pool, labels []string) string {
	if len(pool.Limits) == 0 {
		return ""
	}
	return exceeds(pool.Limits, nil, need(pool, labels))
}

// fitsNow is the check before launching one node.
func (p *pass) fitsNow(pool *config.Pool, label string) bool {
	if len(pool.Limits) == 0 {
		return true
	}
	used := p.usage().pools[keyOf(pool)]
	return exceeds(pool.Limits, used, pool.Labels[label].Resources) == ""
}

// overTenantLimit defers a request without writing anything.
func (p *pass) overTenantLimit(pool *config.Pool, r *record.Request) bool {
	limit := p.tenantLimit(r.TenantName)
	return limit != nil && exceeds(limit, p.usage().tenants[r.TenantName], need(pool, r.NodeTypes)) != ""
}

// tenantLimit is nil for tenants without one, and for what belongs to no tenant.
func (p *pass) tenantLimit(tenant string) map[string]float64 {
	if tenant == "" {
		return nil
	}
	return p.Config.TenantLimits[tenant]
}

func keyOf(pool *config.Pool) PoolKey { return PoolKey{pool.Provider.Name, pool.Name} }
