// Package store keeps copies of Terraform workspaces in ZooKeeper, so that any
// launcher can take over those of a dead one.
//
// A launcher holds one lease, an ephemeral znode, however many workspaces it
// has. Whose a workspace is says where its pointer lies: below the owner. Every
// write is one transaction that also checks lease and pointer, so a launcher
// that lost either cannot write any more, whatever it believes; and taking over
// is one transaction that proves that nobody holds the old owner's lease.
//
//	/nodepool-tf/launchers/<id>                      About
//	/nodepool-tf/launchers/<id>/alive/<incarnation>  the lease, ephemeral
//	/nodepool-tf/launchers/<id>/workspaces/<ws>      the pointer, empty
//	/nodepool-tf/workspaces/<ws>                     the document
//	/nodepool-tf/blobs/<kind>/<name>                 what many workspaces share, written once, gone when none needs it
//
// What does not fit into one znode lies in its children, <generation>-<n>. They
// are written first; the znode that names their generation makes them count.
package store
