package desire

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Decide says what to do now. The order of the decisions is deterministic.
func Decide(v *View) []Decision {
	p := newPass(v)
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
	out []Decision

	pools    map[PoolKey]*config.Pool // configured
	own      []PoolKey                // configured and registered, in file order
	taken    map[string]bool          // requests with a decision in this pass
	reused   map[string]bool          // nodes taken or doomed in this pass
	paused   map[PoolKey]bool         // pools with a paused handler
	roomMade map[PoolKey]bool         // pools for which makeRoom has decided
	active   map[string]int           // unfinished launches by provider
	begun    map[poolLabel]int        // new nodes decided in this pass, by label and, label empty, by pool

	used     *usage                 // computed when first needed, as are:
	spares   map[poolLabel][]*Node  // READY nodes nobody uses, longest waiting first
	registry []*record.Pool         // registered pools by id
	offers   map[string]requestView // what is known of an open request
	notes    *notes                 // why, nil while nobody asks
	machines map[PoolKey]map[config.MachineID]*config.StaticNode
}

func newPass(v *View) *pass {
	p := &pass{
		View: v, pools: map[PoolKey]*config.Pool{}, taken: map[string]bool{}, reused: map[string]bool{},
		paused: map[PoolKey]bool{}, roomMade: map[PoolKey]bool{}, active: map[string]int{},
		begun: map[poolLabel]int{},
	}
	for _, prov := range v.Config.Providers {
		if v.Config.Provider(prov.Name) != prov {
			continue // a second of the same name
		}
		for _, pool := range prov.Pools {
			k := PoolKey{prov.Name, pool.Name}
			if p.pools[k] != nil {
				continue
			}
			p.pools[k] = pool
			// Our own component must be visible first: "all pools declined" is never worked out on an empty
			// registry (4.2 step 2).
			if id := v.Own[k]; id != "" && v.Pools[id] != nil {
				p.own = append(p.own, k)
			}
		}
	}
	for _, h := range v.Handlers {
		for _, n := range h.Nodes {
			if n.Status == Launching {
				p.active[h.Provider]++
			}
		}
	}
	return p
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
	slices.Sort(keys)
	return keys
}
