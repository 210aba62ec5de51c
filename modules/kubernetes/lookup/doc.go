// Package lookup finds out what Zuul must know of a kubernetes provider's cluster: where its API is, by which
// certificate it is known, and, where no account is made for a node, with which token it is used.
//
// It owns how that is told to the module, and reads the kubeconfig for it. The cluster it asks only for what Terraform's
// provider cannot tell: which namespaces or pods carry our labels, and the quotas of projects that pods are put into. It
// makes nothing there and changes nothing.
//
// reconciler/clouds imports it.
package lookup
