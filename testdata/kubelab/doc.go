// Package kubelab is a Kubernetes cluster for tests: a real etcd and a real kube-apiserver, with their own storage,
// authentication, role-based access, admission and validation. There is no machine and no controller in it. stand.go says
// what stands in for those few that a node of ours needs: who makes accounts, fills in tokens, empties namespaces, and
// runs pods.
//
// Tests behind a build tag import it: the programs are too large to build or fetch for every test run.
package kubelab
