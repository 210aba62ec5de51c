package reconciler

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// unclaimedGrace is how long a node whose maker is gone for good stays deletable before a launcher without its resources
// deletes the record. Who took the maker's workspaces over cannot write that into records that Zuul holds; it deletes such
// a node at once when Zuul lets go of it.
const unclaimedGrace = 2 * takeAfter

// unclaimed tells until when the deletion of a node is left to others, zero for not at all.
func (lp *loop) unclaimed(n *record.Node, now time.Time) (until time.Time) {
	owner := n.Owner()
	if owner == "" || owner == lp.l.stateID || lp.peers == nil || lp.l.manager.Holds(n.ID) || lp.metastatic(n.Provider) {
		return until
	}
	since, known := lp.ownerless[n.ID]
	if !known {
		since = now
		lp.ownerless[n.ID] = now
	}
	if lp.peers.mayHold(n.Provider) {
		return now.Add(peersEvery)
	}
	if until = since.Add(unclaimedGrace); !until.After(now) {
		return time.Time{}
	}
	return until
}

// mayHold tells whether a launcher that is away may have workspaces of a provider.
func (p *peers) mayHold(provider string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.known {
		if !o.alive && (o.left == nil || o.left[provider] || o.left[anyProvider]) {
			return true
		}
	}
	return false
}
