package desire

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// poolLabel names a label of a pool.
type poolLabel struct {
	PoolKey
	label string
}

// spare finds the READY node of this provider and pool, with the label, that has waited longest.
func (p *pass) spare(pool *config.Pool, label, zone string) *Node {
	for _, n := range p.spareNodes(pool, label) {
		if !p.reused[n.ID] && (zone == "" || n.AZ == zone) {
			return n
		}
	}
	return nil
}

// spareNodes lists them, those that this pass has taken included.
func (p *pass) spareNodes(pool *config.Pool, label string) []*Node {
	if p.spares == nil {
		p.spares = map[poolLabel][]*Node{}
		for _, n := range p.Nodes {
			if p.unused(n) {
				for _, l := range distinct(n.Type) {
					at := poolLabel{PoolKey{n.Provider, n.Pool}, l}
					p.spares[at] = append(p.spares[at], n)
				}
			}
		}
		for _, list := range p.spares {
			slices.SortFunc(list, older)
		}
	}
	return p.spares[poolLabel{keyOf(pool), label}]
}

// unused reports whether a node is READY, allocated to nobody and, as far as is known, not locked.
func (p *pass) unused(n *Node) bool {
	return n.State == record.NodeReady && n.AllocatedTo == "" && !n.Vanished &&
		!n.Busy && !n.Held && !n.Contended && !p.reused[n.ID] && !p.Now.Before(n.NotBefore)
}

func older(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.StateTime, b.StateTime), strings.Compare(a.ID, b.ID))
}

// goingSoon is how long a node in `deleting` is expected to free capacity before another is deleted.
const goingSoon = 300 // seconds

// makeRoom deletes the oldest unused node of a pool at quota, unless a node of the pool went to be deleted less than
// five minutes ago: that one frees capacity soon (4.7; D-41). Ready nodes that another launcher keeps are not ours to
// delete.
func (p *pass) makeRoom(pool *config.Pool) {
	key := keyOf(pool)
	if p.Draining || p.roomMade[key] {
		return
	}
	p.roomMade[key] = true
	var oldest *Node
	for _, n := range p.Nodes {
		if n.Provider != key.Provider || n.Pool != key.Pool {
			continue
		}
		if n.State == record.NodeDeleting && p.age(n) < goingSoon {
			return
		}
		if n.State == record.NodeReady && n.AllocatedTo == "" && n.Busy {
			return // it is being taken or deleted; which one, the next pass sees
		}
		if p.unused(n) && !n.Foreign && (oldest == nil || older(n, oldest) < 0) {
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
