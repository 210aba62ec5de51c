package record

import "encoding/json"

// ownerKey is our own key in node records: the id of the state directory whose workspaces hold the node.
const ownerKey = ExtraPrefix + "state"

// Owner is the id of the launcher (of its state directory) whose workspaces hold the node, "" for nodes that no
// nodepool-tf made.
func (n *Node) Owner() string {
	var id string
	_ = json.Unmarshal(n.Extra(ownerKey), &id)
	return id
}

// SetOwner notes whose workspaces hold the node.
func (n *Node) SetOwner(id string) {
	v, _ := json.Marshal(id)    // a string always encodes
	_ = n.SetExtra(ownerKey, v) // the key has our prefix
}
