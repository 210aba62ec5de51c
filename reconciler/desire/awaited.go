package desire

import (
	"slices"
	"time"
)

// takeOver is how long after a pool went away nothing fails for it: another launcher may be about to serve in its place,
// as the next in turn does that gives a metastatic provider's slots.
const takeOver = 5 * time.Second

// Awaited reports whether a pool may be about to register: one went away a moment ago, or nobody serves a metastatic
// provider of ours, because we have just started. Until then no request has been declined by all.
func (v *View) Awaited() bool {
	if v.Now.Sub(v.PoolGone) < takeOver {
		return true
	}
	for _, p := range v.Config.Providers {
		if p.Metastatic() && len(p.Pools) > 0 && !slices.Contains(v.serves(), p.Name) {
			return true
		}
	}
	return false
}

// serves lists the providers of the registered pools.
func (v *View) serves() []string {
	names := make([]string, 0, len(v.Pools))
	for _, pool := range v.Pools {
		names = append(names, pool.ProviderName)
	}
	return names
}
