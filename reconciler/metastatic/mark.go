package metastatic

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Owner is the id under which a provider asks for backing nodes, and locks and marks them (protocol.md 7.2).
func Owner(provider string) string { return "NodePool:metastatic:" + provider }

// Mark is what a backing node's user_data says. Label is the slots', not the one that was asked for.
type Mark struct {
	Owner  string `json:"owner"`
	Label  string `json:"label"`
	Slots  int    `json:"slots"`
	Failed bool   `json:"failed"`
	// Launched is when the node was asked for, in Unix seconds.
	Launched float64 `json:"launched"`
}

// Encode makes user_data of it: a JSON document within a JSON string.
func (m Mark) Encode() json.RawMessage {
	inner, _ := json.Marshal(m) // Launched is finite: it comes from a clock or from JSON
	outer, _ := json.Marshal(string(inner))
	return outer
}

// MarkOf reads user_data, which anybody may have written.
func MarkOf(n *record.Node) (m Mark, ok bool) {
	var inner string
	if len(n.UserData) == 0 || json.Unmarshal(n.UserData, &inner) != nil || json.Unmarshal([]byte(inner), &m) != nil {
		return Mark{}, false
	}
	return m, m.Owner != "" && m.Label != "" && m.Slots >= 0
}

// Place is a slot of a backing node, as the node that has it says.
type Place struct {
	Backing string // node id
	Slot    int
}

// PlaceOf reads driver_data; it is zero for a node that has no slot yet.
func PlaceOf(n *record.Node) (p Place) {
	var data struct {
		Backing string `json:"backing_node"`
		Slot    int    `json:"slot"`
	}
	if raw := bytes.TrimSpace(n.DriverData); len(raw) > 0 && raw[0] == '{' && json.Unmarshal(raw, &data) == nil {
		p = Place{data.Backing, data.Slot}
	}
	return p
}

// Begin writes into a record what is known of a node before it has a slot.
func Begin(n *record.Node) {
	n.ImageID, n.Username, n.PythonPath, n.ConnectionType = "unused", unknown, unknown, unknown
	n.ConnectionPort = json.RawMessage(`"` + unknown + `"`)
	n.DriverData, n.Slot = nil, nil
}

const unknown = "unknown"

// Settle gives a node a slot: where it is, and how to get there (protocol.md 7.3).
func Settle(n, backing *record.Node, slot int) {
	n.InterfaceIP, n.PublicIPv4, n.PublicIPv6, n.PrivateIPv4 = backing.InterfaceIP, backing.PublicIPv4, backing.PublicIPv6, backing.PrivateIPv4
	n.AZ, n.Region, n.Cloud = backing.AZ, backing.Region, backing.Cloud
	n.Username, n.PythonPath, n.ShellType = backing.Username, backing.PythonPath, backing.ShellType
	n.ConnectionPort, n.ConnectionType = bytes.Clone(backing.ConnectionPort), backing.ConnectionType
	n.HostKeys = append([]string(nil), backing.HostKeys...)
	type metadata struct {
		Node     string `json:"nodepool_node_id"`
		Pool     string `json:"nodepool_pool_name"`
		Provider string `json:"nodepool_provider_name"`
	}
	n.ExternalID, _ = json.Marshal(n.ID) // strings and integers always encode
	n.DriverData, _ = json.Marshal(struct {
		Metadata metadata `json:"metadata"`
		Backing  string   `json:"backing_node"`
		Slot     int      `json:"slot"`
		Node     string   `json:"node"`
	}{metadata{n.ID, n.Pool, n.Provider}, backing.ID, slot, n.ID})
	s := int64(slot)
	n.Slot = &s
}

// Lost says why a record is not, or no longer, that of a backing node of owner's, "" when it is. Whether its lock is
// owner's too takes another look.
func Lost(n *record.Node, owner string) string {
	switch {
	case n == nil || n.Provider == "":
		return "it is gone"
	case n.State != record.NodeInUse:
		return fmt.Sprintf("its state is %s", n.State)
	}
	if m, ok := MarkOf(n); !ok || m.Owner != owner {
		return "its user_data is not " + owner + "'s"
	}
	return ""
}

// Prefix is the precedence of requests for backing nodes in their ids.
const Prefix = "100-"

// Candidate reports whether a node may be a backing node of a provider, so that it is worth looking who has its lock: it
// is marked, or was asked for by the provider and not marked yet.
func Candidate(n *record.Node, provider string) bool {
	m, ok := MarkOf(n)
	return ok && m.Owner == Owner(provider) || n.Requestor == Owner(provider)
}

// Claim is what is made, at the start, of a node that may be a backing node.
type Claim int

// The claims.
const (
	Nobodys   Claim = iota // not a backing node of ours
	Ours                   // taken up
	Abandoned              // given back: adopting or releasing it was interrupted
)

// Judge tells which it is from the first contender for its lock (protocol.md 7.4, 7.7): anybody can write user_data.
func Judge(n *record.Node, owner, holder string, kept bool) Claim {
	switch m, ok := MarkOf(n); {
	case holder != owner || !kept || n.State == record.NodeHold:
		return Nobodys
	case n.State == record.NodeInUse && ok && m.Owner == owner:
		return Ours
	}
	return Abandoned
}
