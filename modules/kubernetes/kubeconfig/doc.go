// Package kubeconfig finds a cluster in the files that kubectl uses, or, for a daemon that runs in one, the cluster that
// it runs in: what Zuul must be told of it. Terraform's provider reads the same files itself.
//
// It owns which files those are, how several lie over each other, and the few fields of them that a node's record takes.
// It calls no cluster, runs no credential plugin, writes nothing, and tells no credential in an error.
//
// modules/kubernetes and its package lookup import it.
package kubeconfig
