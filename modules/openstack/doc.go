// Package openstack is Nodepool's openstack driver, and its fake driver, which has
// the same options (config-reference.md 4.1, 4.11).
//
// It owns the meaning of the options of an openstack provider, and the Terraform
// module in folder node. It calls no cloud: package lookup beside it does.
//
// reconciler/config imports it.
package openstack

import "github.com/nodepool-tf/nodepool-tf/modules/driver"

// Driver is the entry of the registry.
var Driver = driver.Driver{New: newOptions, Shipped: driver.Shipped(folders), Spec: driver.SpecOf((*Provider).Label, (*Provider).spec)}

// Fake is that of the fake driver, which has no cloud.
var Fake = driver.Driver{New: newOptions}

func newOptions(s *driver.Scope) driver.Options { return New(s) }

// Label returns a label of a pool, nil when there is none.
func (p *Provider) Label(pool, label string) *Label {
	if pool, ok := p.Pools.Get(pool); ok {
		if l, ok := pool.Labels.Get(label); ok {
			return l
		}
	}
	return nil
}
