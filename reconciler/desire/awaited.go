package desire

import "slices"

// Awaited reports whether a metastatic provider of ours is about to be served, by this launcher or an equal one, and is
// registered by nobody at the moment: the one that gave its slots went away, or we have just started. Until then no
// request has been declined by all.
func (v *View) Awaited() bool {
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
