package desire

import (
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// lost finds pending requests that nobody works on (4.9). One that this launcher worked on in an earlier life (it
// restarted, or lost its session) is resumed with the nodes it has, any other is put back to requested.
func (p *pass) lost() {
	var pending []string
	for id, r := range p.Requests {
		if r.State == record.RequestPending && p.Handlers[id] == nil && !r.Busy && !p.taken[id] && !p.Now.Before(r.NotBefore) {
			pending = append(pending, id)
		}
	}
	if len(pending) == 0 {
		return
	}
	slices.Sort(pending)
	nodes := p.allocated()
	for _, id := range pending {
		key, ours := p.resumable(nodes[id])
		switch {
		case ours:
			var ids []string
			for _, n := range nodes[id] {
				ids = append(ids, n.ID)
			}
			p.add(Resume{Request: id, PoolKey: key, Nodes: ids})
		case p.Due.Lost:
			p.add(Reset{id})
		}
	}
}

// allocated groups nodes by the request they are allocated to, in the order of their ids.
func (p *pass) allocated() map[string][]*Node {
	out := map[string][]*Node{}
	for _, n := range p.Nodes {
		if n.AllocatedTo != "" {
			out[n.AllocatedTo] = append(out[n.AllocatedTo], n)
		}
	}
	for _, nodes := range out {
		slices.SortFunc(nodes, func(a, b *Node) int { return strings.Compare(a.ID, b.ID) })
	}
	return out
}

// resumable reports whether all nodes of a pending request belong to one registered pool of ours.
func (p *pass) resumable(nodes []*Node) (PoolKey, bool) {
	if len(nodes) == 0 {
		return PoolKey{}, false
	}
	key := PoolKey{nodes[0].Provider, nodes[0].Pool}
	for _, n := range nodes {
		if (PoolKey{n.Provider, n.Pool}) != key || n.Foreign || n.Busy || len(n.Type) == 0 {
			return PoolKey{}, false
		}
	}
	return key, slices.Contains(p.ownPools(), key)
}
