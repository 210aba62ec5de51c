// Package gce is Nodepool's gce driver (config-reference.md 4.4).
//
// It owns the meaning of the options of a gce provider, and the Terraform module in
// folder node. It calls no cloud: package lookup beside it does.
//
// The newest image of a family and the sizes of machine types are the same for all
// nodes, so the daemon asks for them once a provider (package lookup) and the module
// gets values.
//
// Marks are metadata of the instance, word for word, as Nodepool has them: labels of
// GCE have no capitals and at most 63 characters, which names of providers and pools
// need not keep to, and what is told apart by marks must be read back as it was
// written. A job can read its instance's metadata.
//
// reconciler/config imports it.
package gce

import "github.com/nodepool-tf/nodepool-tf/modules/driver"

// Driver is the entry of the registry.
var Driver = driver.Driver{
	New:     func(s *driver.Scope) driver.Options { return New(s) },
	Shipped: driver.Shipped(folders), Spec: driver.SpecOf((*Provider).Label, (*Provider).spec),
}

// Label returns a label of a pool, nil when there is none.
func (p *Provider) Label(pool, label string) *Label {
	if pool, ok := p.Pools.Get(pool); ok {
		if l, ok := pool.Labels.Get(label); ok {
			return l
		}
	}
	return nil
}
