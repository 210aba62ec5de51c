package gce

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// Provider is a zone of a project.
type Provider struct {
	driver.Provider
	Project, Region, Zone string
	// Rate is API calls per second.
	Rate        float64
	CloudImages option.Set[*CloudImage]
	Pools       option.Set[*Pool]

	rateLimit int
}

// New returns a provider to be read.
func New(s *driver.Scope) *Provider { return &Provider{Provider: driver.Provider{Scope: s}} }

// Options is the table of config-reference.md 4.4.
func (p *Provider) Options() option.Table {
	return option.Join(
		p.Head("gce", "metadata nodepool_provider_name"),
		option.Table{
			option.Str("project", &p.Project, "").Need(option.Validated).Maps("provider project"),
			option.Str("region", &p.Region, "").Need(option.Validated).Maps("provider region"),
			option.Str("zone", &p.Zone, "").Need(option.Validated).Maps("zone"),
			option.Num("rate", &p.Rate, 2).Maps(driver.Launcher),
			option.Int("rate-limit", &p.rateLimit, 1).Inert("rate is what bounds the API calls").Maps(driver.None),
		},
		p.Launching(time.Minute),
		option.Table{
			option.NamedEntries("cloud-images", &p.CloudImages, "W-DUP-IMAGE", "image", p.newCloudImage).Maps("data.google_compute_image"),
			option.NamedEntries("pools", &p.Pools, "W-DUP-POOL", "pool", p.newPool).Need(option.Validated).Maps(driver.Launcher),
		},
	)
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
