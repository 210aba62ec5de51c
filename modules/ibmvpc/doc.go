// Package ibmvpc is Nodepool's ibmvpc driver (config-reference.md 4.5).
//
// It owns the meaning of the options of an ibmvpc provider, where its credentials
// are, by which names it knows its own in the cloud, and the Terraform module in
// folder node. It calls no cloud: package lookup beside it does.
//
// What a node is made of (image, VPC, subnet, keys, resource group) is the same for
// all nodes of a label, so the daemon asks for it once a provider and the module
// gets ids.
//
// reconciler/config and package lookup import it.
package ibmvpc

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
