package desire

import (
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// staleInit is how long an unlocked node whose request is gone may stay in state init: its launcher died between creating
// and locking it, one step apart. A launcher that was only slow finds the record changed and leaves it alone.
const staleInit = 30 // seconds

// staleDeleted is how long a record that says `deleted` may be there, unlocked, before whoever sees it removes it, whatever
// its provider: its resources are gone, and who was to remove it did not. (Nodepool does not try again while its cache
// shows a contender of the lock that has gone since.)
const staleDeleted = 60 // seconds

// reap frees and deletes nodes that nobody needs any more (4.8): of configured providers, unlocked. What remains of others'
// records is removed.
func (p *pass) reap() {
	for _, n := range p.idle() {
		id := n.ID
		if n.Provider == "" {
			if n.State == record.NodeDeleted {
				p.add(Husk{id})
			}
			continue
		}
		if p.Config.Provider(n.Provider) == nil {
			if n.State == record.NodeDeleted && n.Known && !n.Contended && p.age(n) > staleDeleted {
				p.add(Husk{id})
			}
			continue
		}
		switch {
		case n.State == record.NodeReady && n.AllocatedTo != "" && p.Requests[n.AllocatedTo] == nil:
			if n.Known && !n.Contended {
				p.add(Deallocate{id})
			}
		case n.State == record.NodeReady && n.AllocatedTo == "" && n.Vanished:
			if !n.Contended {
				p.reused[id] = true
				p.add(Delete{Node: id, Reason: "something of it has vanished at the provider"})
			}
		case Reapable(n.State) && n.Known && !n.Contended && !p.mayResume(n):
			p.add(Delete{Node: id, Reason: "state " + string(n.State)})
		case n.State == record.NodeInit && n.Known && !n.Contended && p.Requests[n.AllocatedTo] == nil && p.age(n) > staleInit:
			p.add(Delete{Node: id, Reason: "created but never launched"})
		}
	}
}

// idle lists, by id, the nodes that nothing else is done with and whose state or allocation may ask for something:
// of ten thousand nodes most are READY or in use and pass by unsorted.
func (p *pass) idle() []*Node {
	var out []*Node
	for _, n := range p.Nodes {
		if n.Busy || n.Held || n.Foreign || p.reused[n.ID] || p.Now.Before(n.NotBefore) || (n.State == record.NodeInUse && n.Contended) {
			continue
		}
		if n.State == record.NodeReady && !p.Due.Ages && !n.Vanished && (n.AllocatedTo == "" || p.Requests[n.AllocatedTo] != nil) {
			continue
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b *Node) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Reapable reports whether an unlocked node in the state is deleted (4.8 rule 2).
func Reapable(s record.NodeState) bool {
	switch s {
	case record.NodeUsed, record.NodeInUse, record.NodeBuilding, record.NodeFailed, record.NodeDeleting, record.NodeDeleted, record.NodeAborted:
		return true
	}
	return false
}

// ages deletes nodes that were ready, or held, too long (4.9).
func (p *pass) ages() {
	if !p.Due.Ages {
		return
	}
	for _, n := range p.idle() {
		id := n.ID
		if n.Contended || p.Config.Provider(n.Provider) == nil {
			continue
		}
		switch {
		case n.State == record.NodeReady && n.AllocatedTo == "" && p.tooOld(n):
			p.reused[id] = true
			p.add(Delete{Node: id, Reason: "max-ready-age"})
		case n.State == record.NodeHold && p.heldTooLong(n):
			p.add(Delete{Node: id, Reason: "max-hold-age"})
		}
	}
}

func (p *pass) tooOld(n *Node) bool {
	for _, l := range n.Type {
		if label := p.Config.Labels[l]; label != nil && label.MaxReadyAge > 0 && p.age(n) >= label.MaxReadyAge.Seconds() {
			return true
		}
	}
	return false
}

// heldTooLong compares with the smaller of the node's own expiry and the global limit; neither means for ever.
func (p *pass) heldTooLong(n *Node) bool {
	limit := p.Config.MaxHoldAge.Seconds()
	if e := n.HoldExpiration; e != nil && *e > 0 && (limit <= 0 || float64(*e) < limit) {
		limit = float64(*e)
	}
	return limit > 0 && p.age(n) >= limit
}
