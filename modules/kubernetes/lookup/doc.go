// Package lookup finds out what Zuul must know of a kubernetes provider's cluster: where its API is, by which
// certificate it is known, and, where no account is made for a node, with which token it is used.
//
// It owns how that is told to the module. It reads the kubeconfig and asks no cluster: Terraform's provider does.
//
// reconciler/clouds imports it.
package lookup
