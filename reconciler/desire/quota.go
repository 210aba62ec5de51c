package desire

import (
	"fmt"

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
func (v *View) need(pool *config.Pool, labels []string) map[string]float64 {
	sum := map[string]float64{}
	for _, l := range labels {
		if pl := pool.Labels[l]; pl != nil {
			for res, n := range v.Resources(pl) {
				sum[res] += n
			}
		}
	}
	return sum
}

// neverFits is the check before accepting: limits against the whole request, whatever is in use. It says what does not
// fit, "" when all does.
func (v *View) neverFits(pool *config.Pool, labels []string) string {
	granted := v.granted(pool)
	if len(pool.Limits) == 0 && granted == nil {
		return ""
	}
	need := v.need(pool, labels)
	if over := exceeds(pool.Limits, nil, need); over != "" {
		return fmt.Sprintf("it needs more %s than the pool may ever have: %g of %g", over, need[over], pool.Limits[over])
	}
	if over := exceeds(granted, nil, need); over != "" {
		return fmt.Sprintf("it needs more %s than the cloud grants provider %s: %g of %g", over, pool.Provider.Name, need[over], granted[over])
	}
	return ""
}

// fitsNow is the check before launching one node.
func (p *pass) fitsNow(pool *config.Pool, label string) bool {
	return p.short(pool, label) == ""
}

// short names the limit of the pool or of its cloud that leaves no room for another node of a label, "" for none.
func (p *pass) short(pool *config.Pool, label string) string {
	granted := p.granted(pool)
	if len(pool.Limits) == 0 && granted == nil {
		return ""
	}
	need := p.Resources(pool.Labels[label])
	if why := (lack{pool.Limits, p.usage().pools[keyOf(pool)], need}).String(); why != "" {
		return why
	}
	if why := (lack{granted, p.usage().providers[pool.Provider.Name], need}).String(); why != "" {
		return "quota of the cloud: " + why
	}
	return ""
}

// overTenantLimit defers a request without writing anything.
func (p *pass) overTenantLimit(pool *config.Pool, r *record.Request) bool {
	limit := p.tenantLimit(r.TenantName)
	return limit != nil && exceeds(limit, p.usage().tenants[r.TenantName], p.need(pool, r.NodeTypes)) != ""
}

// tenantLimit is nil for tenants without one, and for what belongs to no tenant.
func (p *pass) tenantLimit(tenant string) map[string]float64 {
	if tenant == "" {
		return nil
	}
	return p.Config.TenantLimits[tenant]
}

func keyOf(pool *config.Pool) PoolKey { return PoolKey{pool.Provider.Name, pool.Name} }
