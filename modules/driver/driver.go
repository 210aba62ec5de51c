package driver

import (
	"io/fs"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// Driver is one of Nodepool's drivers. A driver without Spec has no Terraform
// module (Nodepool's fake): its providers are read, checked and left alone.
type Driver struct {
	// New returns a provider to be filled in by option.Read.
	New func(*Scope) Options
	// Shipped is the driver's Terraform module. An operator may put another in its
	// place, which then gets the same inputs and has the same outputs.
	Shipped fs.FS
	// Spec says how nodes of a label are made. The module may be left out of it. It
	// is called after all was read without an error, for pools and labels that
	// Common lists.
	Spec func(o Options, pool, label string) (*modules.Spec, error)
}

// Options is a provider as its driver reads it.
type Options interface {
	option.Entry
	// Common is valid once the provider was read.
	Common() Common
}

// Common is what the launcher knows of a provider of any driver.
type Common struct {
	*Provider
	Pools []CommonPool
}

// CommonPool is a pool and its labels, in the order of the file.
type CommonPool struct {
	*Pool
	Labels []*Label
}

// Add adds a pool and returns it, for its labels.
func (c *Common) Add(p *Pool) *CommonPool {
	c.Pools = append(c.Pools, CommonPool{Pool: p})
	return &c.Pools[len(c.Pools)-1]
}

// Add adds a label.
func (p *CommonPool) Add(l *Label) { p.Labels = append(p.Labels, l) }
