package desire

import (
	"cmp"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// RequestorMinReady marks the requests of 4.10. Such a request never waits for quota.
const RequestorMinReady = "NodePool:min-ready"

const minReadyAtQuota = "quota is used up, and min-ready nodes do not wait for it"

// fill finds nodes for the labels that a request lacks (4.6.2): READY ones first, new ones as far as quota allows. The
// pool must have the labels. pause is true when quota does not allow all; refused says why a request must be declined
// instead, and then nothing is taken.
func (p *pass) fill(pool *config.Pool, r *record.Request, labels []string, zone string) (allocs []Alloc, pause bool, refused string) {
	for _, label := range labels {
		if r.Reuse {
			if n := p.spare(pool, label, zone); n != nil {
				p.reused[n.ID] = true
				zone = cmp.Or(zone, n.AZ)
				allocs = append(allocs, Alloc{Label: label, Reuse: n.ID, Zone: n.AZ})
				continue
			}
		}
		if why := p.stopped(pool.Labels[label]); why != "" {
			p.giveBack(pool, r, allocs)
			return nil, false, why
		}
		if p.atCloudQuota(pool) || !p.fitsNow(pool, label) {
			p.full(pool, r, label)
			if r.Requestor == RequestorMinReady {
				p.giveBack(pool, r, allocs)
				return nil, false, minReadyAtQuota
			}
			p.makeRoom(pool)
			return allocs, true, ""
		}
		p.reserve(pool, label, r.TenantName, 1)
		allocs = append(allocs, Alloc{Label: label})
	}
	return allocs, false, ""
}

// giveBack leaves to others what was taken for a request that is then refused.
func (p *pass) giveBack(pool *config.Pool, r *record.Request, allocs []Alloc) {
	for _, a := range allocs {
		if a.Reuse != "" {
			delete(p.reused, a.Reuse)
		} else {
			p.reserve(pool, a.Label, r.TenantName, -1)
		}
	}
}

// lacking lists the entries of node_types that no node of a handler stands for, in their order.
func lacking(types []string, have []HandlerNode) []string {
	if len(have) == 0 {
		return types
	}
	count := make(map[string]int, len(have))
	for _, n := range have {
		count[n.Label]++
	}
	var out []string
	for _, t := range types {
		if count[t] > 0 {
			count[t]--
		} else {
			out = append(out, t)
		}
	}
	return out
}

// aligned orders node ids as node_types wants them: for each entry the first recorded node of its label that is not
// used yet.
func aligned(types []string, nodes []HandlerNode) []string {
	byLabel := make(map[string][]string, len(nodes))
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
