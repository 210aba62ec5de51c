package reconciler

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// foreign reports whether a node of another launcher (or Nodepool's) is none of our business: its resources are, or may
// be, in a workspace that another launcher keeps. Only who keeps it can destroy it; deleting the record would make its
// resources forgotten.
func (p *peers) foreign(owner, provider string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if owner == "" || !p.listed || p.missing {
		return true
	}
	o := p.known[owner]
	switch {
	case o == nil:
		// Gone, and everything of it was taken over: this node had nothing. Or it came a moment ago.
		first, seen := p.unknown[owner]
		if !seen {
			first = time.Now()
			p.unknown[owner] = first
		}
		return time.Since(first) < takeAfter
	case o.alive || o.left == nil:
		return true
	}
	return o.left[provider] || o.left[anyProvider]
}

// owner is the id of the launcher that keeps a node, or did; "" for a node of Nodepool's.
func (lp *loop) owner(n *record.Node) string {
	return n.OwnerAmong(func(yield func(string) bool) {
		if yield(lp.l.stateID) && lp.peers != nil {
			lp.peers.each(yield)
		}
	})
}

// each gives the ids of the other launchers.
func (p *peers) each(yield func(string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.known {
		if !yield(id) {
			return
		}
	}
}

// alive reports whether a launcher has its lease, as far as is known.
func (p *peers) alive(owner string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.known[owner]
	return !p.listed || o != nil && o.alive
}

// restarting reports whether a launcher may come back and go on with what it had.
func (p *peers) restarting(owner string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.listed {
		return true
	}
	o := p.known[owner]
	return o != nil && (o.alive || time.Since(o.gone) < takeAfter)
}

// reviewOwners looks again at whose the nodes are: a launcher came, went, or was taken over.
func (lp *loop) reviewOwners() {
	for _, n := range lp.view.Nodes {
		if was := n.Foreign; lp.foreign(n.Node) != was {
			n.Foreign = !was
			lp.watch(n)
		}
		if _, waits := lp.ownerless[n.ID]; waits && lp.l.manager.Holds(n.ID) { // it was taken over
			delete(lp.ownerless, n.ID)
			n.NotBefore = time.Time{}
		}
	}
	lp.l.manager.ForgetTaken(func(node string) bool { return lp.view.Nodes[node] == nil })
}

// foreign reports whether a node is another launcher's to delete. A husk has no resources, nor has a static node,
// whoever registered it. Slots are those of the launcher that gives them.
func (lp *loop) foreign(n *record.Node) bool {
	if n.Provider == "" || n.State == record.NodeDeleted || n.Launcher == static.Launcher || lp.l.manager.Holds(n.ID) {
		return false
	}
	if lp.metastatic(n.Provider) {
		_, ours := lp.serving.Load(n.Provider)
		return !ours
	}
	owner := lp.owner(n)
	if owner == lp.l.stateID {
		return lp.l.manager.Taken(n.ID)
	}
	return lp.peers == nil || lp.peers.foreign(owner, n.Provider)
}
