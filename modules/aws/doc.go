// Package aws is Nodepool's aws driver (config-reference.md 4.2).
//
// It owns the meaning of the options of an aws provider. It calls no cloud.
//
// reconciler/config imports it.
package aws

import "github.com/nodepool-tf/nodepool-tf/modules/driver"

// Driver is the entry of the registry.
var Driver = driver.Driver{New: func(s *driver.Scope) driver.Options { return New(s) }}
