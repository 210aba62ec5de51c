package desire

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// requestorMinReady marks the requests of 4.10. Such a request never waits for quota.
const requestorMinReady = "NodePool:min-ready"

// fill finds nodes for the labels of a request that have says nothing of yet (4.6.2): READY ones first, new ones as
// far as quota allows. pause is true when quota does not allow all; refused says why a request must be declined
// instead.
func (p *pass) fill(pool *config.Pool, r *record.Request, have []HandlerNode, zone string) (allocs []Alloc, pause bool, refused string) {
	open := slices.Clone(r.NodeTypes)
	for _, hn := range have {
		if i := slices.Index(open, hn.Label); i >= 0 {
			open = slices.Delete(open, i, i+1)
		}
	}
	for _, label := range open {
		if r.Reuse {
			if n := p.spare(pool, label, zone); n != nil {
				p.reused[n.ID] = true
				zone = cmp.Or(zone, n.AZ)
				allocs = append(allocs, Alloc{Label: label, Reuse: n.ID, Zone: n.AZ})
				continue
			}
		}
		if !p.fitsNow(pool, label) {
			if r.Requestor == requestorMinReady {
				return nil, false, "pool is at quota, and min-ready nodes do not wait for it"
			}
			p.makeRoom(pool)
			return allocs, true, ""
		}
		p.reserve(pool, label, r.TenantName)
		allocs = append(allocs, Alloc{Label: label})
	}
	return allocs, false, ""
}

// spare finds the READY node of this provider and pool, with the label, that has waited longest.
func (p *pass) spare(pool *config.Pool, label, zone string) *Node {
	var best *Node
	for _, n := range p.Nodes {
		if !p.unused(n, pool) || !slices.Contains(n.Type, label) || (zone != "" && n.AZ != zone) {
			continue
		}
		if best == nil || older(n, best) < 0 {
			best = n
		}
	}
	return best
}

// unused reports whether a node of the pool is READY, allocated to nobody and, as far as is known, not locked.
func (p *pass) unused(n *Node, pool *config.Pool) bool {
	return n.State == record.NodeReady && n.AllocatedTo == "" && n.Provider == pool.Provider.Name && n.Pool == pool.Name &&
		!n.Busy && !n.Held && !n.Contended && !p.reused[n.ID] && !p.Now.Before(n.NotBefore)
}

func older(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.StateTime, b.StateTime), strings.Compare(a.ID, b.ID))
}

// makeRoom deletes the oldest unused node of a pool at quota, unless a node of the pool went to be deleted less than
// five minutes ago: that one frees capacity soon (4.7; D-41).
func (p *pass) makeRoom(pool *config.Pool) {
	var oldest *Node
	for _, n := range p.Nodes {
		if n.Provider != pool.Provider.Name || n.Pool != pool.Name {
			continue
		}
		if n.State == record.NodeDeleting && p.age(n) < 300 {
			return
		}
		if p.unused(n, pool) && (oldest == nil || older(n, oldest) < 0) {
			oldest = n
		}
	}
	if oldest != nil {
		p.reused[oldest.ID] = true
		p.add(Delete{Node: oldest.ID, Reason: "pool is at quota and a request waits"})
	}
}

// age of a node's state in seconds, never negative.
func (p *pass) age(n *Node) float64 { return max(0, record.Now(p.Now)-n.StateTime) }
