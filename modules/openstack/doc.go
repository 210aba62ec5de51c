// Package openstack is Nodepool's openstack driver, and its fake driver, which has
// the same options (config-reference.md 4.1, 4.11).
//
// It owns the meaning of the options of an openstack provider. It calls no cloud.
//
// reconciler/config imports it.
package openstack

import "github.com/nodepool-tf/nodepool-tf/modules/driver"

// Driver is the entry of the registry.
var Driver = driver.Driver{New: func(s *driver.Scope) driver.Options { return New(s) }}
