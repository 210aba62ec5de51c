// Package azure is Nodepool's azure driver (config-reference.md 4.3).
//
// It owns the meaning of the options of an azure provider, and the Terraform module
// in folder node. It calls no cloud: package lookup beside it does.
//
// The subnet, images that are found by a filter and the sizes of machines are the
// same for all nodes, so the daemon asks for them once a provider (package lookup)
// and the module gets values. A data source in the module would be asked again for
// each node and by each refresh.
//
// reconciler/config imports it.
package azure

import (
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Driver is the entry of the registry.
var Driver = driver.Driver{
	New:     func(s *driver.Scope) driver.Options { return New(s) },
	Shipped: shipped(), Spec: specOf,
}

func specOf(o driver.Options, pool, label string) (*modules.Spec, error) {
	p := o.(*Provider)
	if pool, ok := p.Pools.Get(pool); ok {
		if l, ok := pool.Labels.Get(label); ok {
			return p.spec(l)
		}
	}
	return nil, fmt.Errorf("there is no label %s in pool %s", label, pool)
}
