// Package kubernetes is Nodepool's kubernetes family: the drivers kubernetes,
// openshift and openshiftpods, whose options are nearly the same
// (config-reference.md 4.6 to 4.8).
//
// It owns the meaning of the options of such a provider, and the Terraform module in
// folder node, which all three use. It calls no cluster: Terraform does, and the
// packages kubeconfig and lookup beside it read what Zuul must know of one.
//
// reconciler/config imports it.
package kubernetes

import "github.com/nodepool-tf/nodepool-tf/modules/driver"

// The entries of the registry.
var (
	Driver        = driver.Driver{New: create(Kubernetes), Shipped: driver.Shipped(folders), Spec: driver.SpecOf((*Provider).Label, (*Provider).spec)}
	OpenShift     = driver.Driver{New: create(Project), Shipped: driver.Shipped(folders), Spec: driver.SpecOf((*Provider).Label, (*Provider).spec)}
	OpenShiftPods = driver.Driver{New: create(PodOnly), Shipped: driver.Shipped(folders), Spec: driver.SpecOf((*Provider).Label, (*Provider).spec)}
)

func create(f Flavour) func(*driver.Scope) driver.Options {
	return func(s *driver.Scope) driver.Options { return New(f, s) }
}

// Flavour tells the drivers of the family apart.
type Flavour int

// The flavours: what a label of another type than pod gives, if there is one.
const (
	// Kubernetes makes namespaces, with a pod or empty.
	Kubernetes Flavour = iota
	// Project is openshift: projects, with a pod or empty.
	Project
	// PodOnly is openshiftpods: pods in projects that are there.
	PodOnly
)
