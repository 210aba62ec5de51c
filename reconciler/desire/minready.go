package desire

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// MinReadyPrefix is the precedence of min-ready requests in their ids.
const MinReadyPrefix = "900-"

// MinReadyRequest is a request of a launcher's own for one node (4.10). A node that is ready already would not help.
func MinReadyRequest(label string) *record.Request {
	return &record.Request{NodeTypes: []string{label}, Requestor: RequestorMinReady, State: record.RequestRequested}
}

// mostAsked bounds the min-ready requests made at one time: a typo must not fill ZooKeeper. More follow.
const mostAsked = 100

// minReady keeps ready nodes of each label (4.10).
func (p *pass) minReady() {
	outstanding := map[string]bool{}
	for _, id := range sortedKeys(p.MinReady) {
		r := p.Requests[id]
		if r == nil {
			continue // gone, or too new to be seen: MinReadyAfter holds back the next
		}
		outstanding[p.MinReady[id]] = true
		ended := r.State == record.RequestFulfilled || r.State == record.RequestFailed
		if ended && !r.Busy && !p.taken[id] && !p.Now.Before(r.NotBefore) {
			p.add(EndMinReady{id})
		}
	}
	var ready map[string]int
	for _, name := range p.Config.LabelNames {
		label := p.Config.Labels[name]
		if label == nil || label.MinReady <= 0 || outstanding[name] || p.Now.Before(p.MinReadyAfter[name]) {
			continue
		}
		most := p.launchable(name)
		if most == 0 {
			continue
		}
		if ready == nil {
			ready = p.ready()
		}
		if want := min(label.MinReady-ready[name], most); want > 0 {
			p.add(AskMinReady{name, want})
		}
	}
}

// ready counts, by label, the READY nodes that nobody has, of any provider, locked or not.
func (p *pass) ready() map[string]int {
	count := map[string]int{}
	for _, n := range p.Nodes {
		if n.State != record.NodeReady || n.Vanished || p.reused[n.ID] {
			continue
		}
		// What a min-ready request just brought is free as soon as its record is seen again.
		free := n.AllocatedTo == "" || strings.HasPrefix(n.AllocatedTo, MinReadyPrefix) && p.Requests[n.AllocatedTo] == nil
		if free {
			for _, l := range distinct(n.Type) {
				count[l]++
			}
		}
	}
	return count
}

// launchable tells how many nodes of a label may be asked for: none unless some registered pool of ours has the label
// and its image, and its cloud does not refuse it. Static nodes are as ready as they ever get.
func (p *pass) launchable(label string) (most int) {
	for _, key := range p.own {
		pool := p.pools[key]
		if l := pool.Labels[label]; l != nil && !pool.Provider.Static() && !disabled(pool) && p.imageReady(l) && p.lacks(l) == "" {
			most = max(most, p.hopeful(l))
		}
	}
	return most
}
