// Package azure is Nodepool's azure driver (config-reference.md 4.3).
//
// It owns the meaning of the options of a provider of it. It calls no cloud.
//
// reconciler/config imports it.
package azure

import "github.com/nodepool-tf/nodepool-tf/modules/driver"

// Driver is the entry of the registry.
var Driver = driver.Driver{New: func(s *driver.Scope) driver.Options { return New(s) }}
