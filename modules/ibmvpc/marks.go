package ibmvpc

import "strings"

// Nothing can be tagged in the moment in which it is made. What tells our own in the cloud from the first moment on is,
// as with Nodepool, the resource group, which says the provider and the pool, and the name, which says the node. Both
// keep the case of letters, which tags do not.

const nodePrefix = "np"

// ResourceGroup is the name of the group that all nodes of the pool are made in, theirs alone.
func (p *Pool) ResourceGroup() string { return "np_" + p.Scope.Provider + "_" + p.Name }

// NodeOf is the id of the node that something in such a group was made for, "" when its name is no node's.
func NodeOf(name string) string {
	id, ok := strings.CutPrefix(name, nodePrefix)
	if !ok || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	return id
}
