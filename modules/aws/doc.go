// Package aws is Nodepool's aws driver (config-reference.md 4.2).
//
// It owns the meaning of the options of an aws provider, and the Terraform module
// in folder node. It calls no cloud: package lookup beside it does.
//
// The latest AMI, the sizes of instance types and the zones of subnets are the same
// for all nodes, so the daemon asks for them once a provider (package lookup) and
// the module gets values. A data source in the module would be asked again for each
// node.
//
// reconciler/config imports it.
package aws

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
