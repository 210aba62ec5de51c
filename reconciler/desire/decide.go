package desire

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Decide says what to do now. The order of the decisions is deterministic.
func Decide(v *View) []Decision {
	p := &pass{View: v, taken: map[string]bool{}, reused: map[string]bool{}, paused: map[PoolKey]bool{}}
	p.handlers()
	if p.Draining {
		return p.out
	}
	p.choose()
	p.publishPaused()
	p.lost()
	p.reap()
	p.ages()
	p.minReady()
	return p.out
}

// pass is the memory of one Decide.
type pass struct {
	*View
	out    []Decision
	taken  map[string]bool  // requests with a decision in this pass
	reused map[string]bool  // nodes taken or doomed in this pass
	used   *usage           // computed when first needed
	paused map[PoolKey]bool // pools with a paused handler
}

func (p *pass) add(d Decision) { p.out = append(p.out, d) }

// order sorts requests as protocol.md 4.3 does: precedence, relative priority, sequence.
func order(a, b *record.Request) int {
	return cmp.Or(
		strings.Compare(a.Precedence(), b.Precedence()),
		cmp.Compare(a.RelativePriority, b.RelativePriority),
		strings.Compare(a.Sequence(), b.Sequence()),
		strings.Compare(a.ID, b.ID),
	)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// ownPools lists the configured and registered pools of this launcher in file order.
func (p *pass) ownPools() []PoolKey {
	var keys []PoolKey
	for _, prov := range p.Config.Providers {
		for _, pool := range prov.Pools {
			k := PoolKey{prov.Name, pool.Name}
			// Our own component must be visible first: "all pools declined" is never worked out on an empty
			// registry (4.2 step 2).
			if id := p.Own[k]; id != "" && p.Pools[id] != nil && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}
