package reconciler

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// unclaimedGrace is how long a node whose maker is gone for good stays deletable before a launcher without its resources
// deletes the record. Who took the maker's workspaces over cannot write that into records that Zuul holds; it deletes such
// a node at once when Zuul lets go of it.
const unclaimedGrace = 2 * takeAfter

// huskGrace is what who wrote `deleted` gets to remove the record: Nodepool does so in several steps, and a lock that is
// queued for in between makes them fail.
const huskGrace = 2 * time.Second

// unclaimed tells until when the deletion of a node is left to others, zero for not at all.
func (lp *loop) unclaimed(n *record.Node, now time.Time) (until time.Time) {
	if n.State == record.NodeDeleted {
		return lp.firstWanted(n.ID, now, huskGrace)
	}
	if !zuulHad(n.State) { // who took it over has signed it
		return until
	}
	owner := lp.owner(n)
	if owner == "" || owner == lp.l.stateID || lp.peers == nil || lp.l.manager.Holds(n.ID) || lp.metastatic(n.Provider) {
		return until
	}
	until = lp.firstWanted(n.ID, now, unclaimedGrace)
	if lp.peers.mayHold(n.Provider) {
		return now.Add(peersEvery)
	}
	return until
}

// zuulHad tells of states in which Zuul may have had a node until now, so that nobody could sign its record.
func zuulHad(s record.NodeState) bool {
	switch s {
	case record.NodeReady, record.NodeInUse, record.NodeUsed, record.NodeHold, record.NodeDeleting:
		return true
	}
	return false
}

// firstWanted tells when a grace from the first wish to delete a node ends, zero once it is over.
func (lp *loop) firstWanted(node string, now time.Time, grace time.Duration) (until time.Time) {
	since, known := lp.ownerless[node]
	if !known {
		since = now
		lp.ownerless[node] = now
	}
	if until = since.Add(grace); !until.After(now) {
		return time.Time{}
	}
	return until
}

// mayHold tells whether a launcher that is away may have workspaces of a provider, or this one without their being here.
func (p *peers) mayHold(provider string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.missing {
		return true
	}
	for _, o := range p.known {
		if !o.alive && (o.left == nil || o.left[provider] || o.left[anyProvider]) {
			return true
		}
	}
	return false
}
