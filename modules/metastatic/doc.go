// Package metastatic is Nodepool's metastatic driver (config-reference.md 4.10).
//
// It owns the meaning of the options of a provider of it. It calls no cloud.
//
// reconciler/config imports it.
package metastatic

import "github.com/nodepool-tf/nodepool-tf/modules/driver"

// Driver is the entry of the registry.
var Driver = driver.Driver{New: func(s *driver.Scope) driver.Options { return New(s) }}
