package desire

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// Cloud is what a provider's cloud has said, for providers of which something is looked up.
type Cloud struct {
	// Asked is false until it was asked for the first time.
	Asked bool
	// Labels are what nodes are made of, nil while the cloud has not answered; Trouble says why it does not, Class whether it
	// is the launcher that is refused (clouds.Answer.Class).
	Labels         map[driver.LabelKey]driver.Found
	Trouble, Class string
	// Limits are what the cloud grants the provider, nil where that is not known; a resource that is missing is infinite.
	// Unmanaged is what counts against them and is none of the provider's nodes.
	Limits, Unmanaged map[string]float64
}

// Silence says in words that the cloud of a provider is in Trouble.
func (c *Cloud) Silence(provider string) string {
	does := " does not answer: "
	if c.Class == "auth" {
		does = " refuses the launcher: "
	}
	return "the cloud of provider " + provider + does + c.Trouble
}

// found is what the cloud has said of a label.
func (v *View) found(l *config.PoolLabel) driver.Found {
	if c := v.Clouds[l.Pool.Provider.Name]; c != nil {
		return c.Labels[driver.LabelKey{Pool: l.Pool.Name, Label: l.Name}]
	}
	return driver.Found{}
}

// Resources is what a node of a label counts for in quotas, as far as that is known.
func (v *View) Resources(l *config.PoolLabel) map[string]float64 {
	if f := v.found(l); f.Resources != nil {
		return f.Resources
	}
	return l.Resources
}

// unasked tells that it will soon be known whether a pool's cloud has what its labels need: the launcher has just started,
// or the provider has just changed.
func (v *View) unasked(pool *config.Pool) bool {
	c := v.Clouds[pool.Provider.Name]
	return c != nil && !c.Asked
}

// lacks says what the cloud has not that a label needs, "" for nothing.
func (v *View) lacks(l *config.PoolLabel) string {
	c := v.Clouds[l.Pool.Provider.Name]
	switch {
	case c == nil:
		return ""
	case !c.Asked: // nobody is declined for that, see unasked; no node is made ready in advance either
		return "the cloud of provider " + l.Pool.Provider.Name + " has not been asked yet"
	case c.Labels == nil:
		return c.Silence(l.Pool.Provider.Name)
	}
	if missing := v.found(l).Missing; missing != "" {
		return "label " + quote(l.Name) + " cannot be made: " + missing
	}
	return ""
}

// granted is what a pool's cloud leaves to the provider's nodes, nil for no limit.
func (v *View) granted(pool *config.Pool) map[string]float64 {
	c := v.Clouds[pool.Provider.Name]
	if c == nil || len(c.Limits) == 0 || pool.IgnoreProviderQuota {
		return nil
	}
	left := maps.Clone(c.Limits)
	for res := range left {
		left[res] -= c.Unmanaged[res]
	}
	return left
}
