package metastatic

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Provider shares nodes of other providers out in slots.
type Provider struct {
	driver.Provider
	Pools option.Set[*Pool]

	rate float64
}

// New returns a provider to be read.
func New(s *driver.Scope) *Provider { return &Provider{Provider: driver.Provider{Scope: s}} }

// Options is the table of config-reference.md 4.10.
func (p *Provider) Options() option.Table {
	return option.Join(
		p.Head("metastatic", driver.Launcher),
		option.Table{option.Num("rate", &p.rate, 1).Inert("slots cost no API calls").Maps(driver.None)},
		p.Launching(2*time.Minute),
		option.Table{
			option.NamedEntries("pools", &p.Pools, "W-DUP-POOL", "pool", p.newPool).Need(option.Validated).Maps(driver.Launcher),
		},
	)
}

// Check holds labels of one backing label to the same settings, over all pools.
func (p *Provider) Check(m *schema.Mapping) {
	first := map[string]*Label{}
	for _, pool := range p.Pools.List {
		for _, l := range pool.Labels.List {
			switch other := first[l.BackingLabel]; {
			case l.BackingLabel == "":
			case other == nil:
				first[l.BackingLabel] = l
			case !l.agrees(other):
				l.at.LoadError("E-META-DIFF", "labels %s and %s share backing label %s: max-parallel-jobs, grace-time, min-retention-time and max-age must agree",
					other.Name, l.Name, l.BackingLabel)
			}
			l.at = schema.Field{} // it holds on to the whole file
		}
	}
}

// Common is what the launcher knows of the provider.
func (p *Provider) Common() driver.Common {
	c := driver.Common{Provider: &p.Provider}
	for _, pool := range p.Pools.List {
		cp := c.Add(&pool.Pool)
		for _, label := range pool.Labels.List {
			cp.Add(&label.Label)
		}
	}
	return c
}
