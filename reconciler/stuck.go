package reconciler

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// stuck is a workspace of a launcher that is gone, why it could not be taken over, and when that is tried again.
type stuck struct {
	status.Stuck
	retry time.Time
}

// setStuck notes what became of taking a workspace over, the zero value when it went well. It reports the first time.
func (p *peers) setStuck(workspace string, at stuck) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.stuck[workspace]
	if at == (stuck{}) {
		delete(p.stuck, workspace)
	} else {
		p.stuck[workspace] = at
	}
	return !known
}

// unstick forgets the workspaces that nobody has to take over any more. Callers hold mu.
func (p *peers) unstick(keep func(stuck) bool) {
	maps.DeleteFunc(p.stuck, func(_ string, at stuck) bool { return !keep(at) })
}

// allStuck lists them.
func (p *peers) allStuck() []status.Stuck {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []status.Stuck
	for _, at := range p.stuck {
		all = append(all, at.Stuck)
	}
	slices.SortFunc(all, func(a, b status.Stuck) int { return cmp.Compare(a.Workspace, b.Workspace) })
	return all
}
