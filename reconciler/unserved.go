package reconciler

import (
	"iter"
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// unserved is what the loop knows of nodes whose provider no launcher serves: it was removed, or renamed, with nodes in use.
type unserved struct {
	now  []status.Unserved // certain
	seen map[string]bool   // providers, when last looked
	told map[string]bool
}

// lookUnserved warns once of each provider whose nodes nobody will delete. It takes two sightings: a launcher may be
// about to start again. It walks over all nodes.
func (lp *loop) lookUnserved() {
	_, providers := configured(lp.cfg)
	seen, told := map[string]bool{}, map[string]bool{}
	lp.unserved.now = nil
	for _, u := range status.UnservedBy(nodeRecords(&lp.view), maps.Values(lp.view.Pools), providers) {
		seen[u.Provider] = true
		if !lp.unserved.seen[u.Provider] {
			continue
		}
		lp.unserved.now = append(lp.unserved.now, u)
		if told[u.Provider] = true; !lp.unserved.told[u.Provider] {
			lp.log.Warn("nodes of a provider that no launcher serves are left alone: nobody deletes them", "provider", u.Provider, "nodes", u.Nodes, "in_use", u.InUse, "do", u.Do())
		}
	}
	lp.unserved.seen, lp.unserved.told = seen, told
}

// removed warns at once of nodes whose provider a change of the configuration has removed here.
func (lp *loop) removed(providers []string) {
	for _, u := range status.UnservedBy(nodeRecords(&lp.view), slices.Values[[]*record.Pool](nil), nil) {
		if slices.Contains(providers, u.Provider) {
			lp.log.Warn("a provider was removed from the configuration that still has nodes: this launcher leaves them alone from now on", "provider", u.Provider, "nodes", u.Nodes, "in_use", u.InUse,
				"do", "unless another launcher serves it: "+u.Do())
		}
	}
}

func nodeRecords(v *desire.View) iter.Seq[*record.Node] {
	return func(yield func(*record.Node) bool) {
		for _, n := range v.Nodes {
			if !yield(n.Node) {
				return
			}
		}
	}
}
