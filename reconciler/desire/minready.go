package desire

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// minReady keeps ready nodes of each label (4.10).
func (p *pass) minReady() {
	outstanding := map[string]bool{}
	for _, id := range sortedKeys(p.MinReady) {
		label := p.MinReady[id]
		r := p.Requests[id]
		if r != nil && (r.State == record.RequestFulfilled || r.State == record.RequestFailed) && !r.Busy {
			p.add(EndMinReady{id})
		}
		outstanding[label] = true
	}
	for _, name := range p.Config.LabelNames {
		label := p.Config.Labels[name]
		if label.MinReady <= 0 || outstanding[name] || p.Now.Before(p.MinReadyAfter[name]) || !p.launchable(name) {
			continue
		}
		have := 0
		for _, n := range p.Nodes {
			if n.State == record.NodeReady && n.AllocatedTo == "" && slices.Contains(n.Type, name) && !p.reused[n.ID] {
				have++
			}
		}
		if want := label.MinReady - have; want > 0 {
			p.add(AskMinReady{name, want})
		}
	}
}

// launchable reports whether some registered pool of ours has the label and its image.
func (p *pass) launchable(label string) bool {
	for _, key := range p.ownPools() {
		pool := p.pool(key)
		l := pool.Labels[label]
		if l == nil || (pool.MaxServers != nil && *pool.MaxServers <= 0) {
			continue
		}
		if l.DiskImage == "" || p.Images[ImageKey{key.Provider, l.DiskImage}] != "" {
			return true
		}
	}
	return false
}
