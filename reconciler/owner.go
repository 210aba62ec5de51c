package reconciler

import (
	"encoding/json"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// ownerKey is our own key in node records: the id of the state directory whose workspaces hold the node.
const ownerKey = record.ExtraPrefix + "state"

func setOwner(n *record.Node, stateID string) {
	v, _ := json.Marshal(stateID) // a string always encodes
	_ = n.SetExtra(ownerKey, v)   // the key has our prefix
}

// stateOwner is "" for nodes that we did not make.
func stateOwner(n *record.Node) string {
	var id string
	_ = json.Unmarshal(n.Extra(ownerKey), &id)
	return id
}
