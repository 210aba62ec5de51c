package cache

import (
	"unique"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// shareNode makes the texts that thousands of nodes have in common one text in memory. What is each node's own (its
// id, addresses, keys) is left alone.
func shareNode(n *record.Node) {
	for _, s := range []*string{
		&n.Cloud, &n.Provider, &n.Pool, &n.AZ, &n.Region, &n.ConnectionType, &n.Username, &n.PythonPath, &n.ShellType,
		&n.ImageID, &n.Launcher, &n.TenantName, &n.Requestor,
	} {
		*s = unique.Make(*s).Value()
	}
	n.State = unique.Make(n.State).Value()
	for i := range n.Type {
		n.Type[i] = unique.Make(n.Type[i]).Value()
	}
}
