package desire

import (
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// lost finds pending requests that nobody works on (4.9). One that this launcher worked on in an earlier life (it
// restarted, or lost its session) is resumed with the nodes it has, any other is put back to requested.
func (p *pass) lost() {
	pending := map[string]*allotted{}
	for id, r := range p.Requests {
		if r.State == record.RequestPending && p.Handlers[id] == nil && !r.Busy && !p.taken[id] && !p.Now.Before(r.NotBefore) {
			pending[id] = &allotted{}
		}
	}
	if len(pending) == 0 {
		return
	}
	for id, n := range p.Nodes { // once for all of them
		if of := pending[n.AllocatedTo]; of != nil {
			of.add(id, n)
		}
	}
	for _, id := range sortedKeys(pending) {
		of := pending[id]
		slices.Sort(of.all)
		slices.SortFunc(of.resumable, func(a, b *Node) int { return strings.Compare(a.ID, b.ID) })
		key, ours := p.resumable(of.resumable)
		switch {
		case ours:
			var ids []string
			for _, n := range of.resumable {
				ids = append(ids, n.ID)
				p.reused[n.ID] = true
			}
			p.add(Resume{Request: id, PoolKey: key, Nodes: ids})
		case p.Due.Lost:
			p.add(Reset{Request: id, Nodes: of.all})
		}
	}
}

// allotted are the nodes of a pending request.
type allotted struct {
	all       []string // ids
	resumable []*Node
}

func (a *allotted) add(id string, n *Node) {
	a.all = append(a.all, id)
	if resumableState(n.State) {
		a.resumable = append(a.resumable, n)
	}
}

// resumableState is that of nodes a request can still get, or fail by. Others are on their way out: their labels are
// wanted again.
func resumableState(s record.NodeState) bool {
	switch s {
	case record.NodeInit, record.NodeBuilding, record.NodeReady, record.NodeFailed:
		return true
	}
	return false
}

// resumable reports whether all nodes of a pending request belong to one registered pool of ours. A READY one may have
// been made by another launcher: handing it over needs no more than its lock.
func (p *pass) resumable(nodes []*Node) (PoolKey, bool) {
	if len(nodes) == 0 {
		return PoolKey{}, false
	}
	key := PoolKey{nodes[0].Provider, nodes[0].Pool}
	mine := false
	for _, n := range nodes {
		mine = mine || !n.Foreign
		if (PoolKey{n.Provider, n.Pool}) != key || n.Foreign && n.State != record.NodeReady || n.Busy || n.Held || p.reused[n.ID] || len(n.Type) == 0 {
			return PoolKey{}, false
		}
	}
	// Which label a static node was to stand for is written nowhere, and putting the request back loses nothing.
	return key, mine && slices.Contains(p.own, key) && !p.pools[key].Provider.Static()
}

// mayResume keeps the reaper away from a node whose pending request this launcher is about to take up again.
func (p *pass) mayResume(n *Node) bool {
	if !resumableState(n.State) || n.AllocatedTo == "" || p.Own[PoolKey{n.Provider, n.Pool}] == "" {
		return false
	}
	r := p.Requests[n.AllocatedTo]
	return r != nil && r.State == record.RequestPending && p.Handlers[n.AllocatedTo] == nil
}
