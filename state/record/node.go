package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ExtraPrefix starts the name of every key of our own in a node record. Zuul
// copies all keys onto a Python object, so that other names could collide.
const ExtraPrefix = "np_tf_"

// Node is a node, /nodepool/nodes/<id> (protocol.md 2.2). "" in a string field
// and nil elsewhere stand for JSON null.
type Node struct {
	ID             string    // znode name, digits only; not part of the JSON
	State          NodeState // never empty
	StateTime      float64   // Unix seconds of the last state change
	Cloud          string
	Provider       string
	Pool           string
	Type           []string // labels this node satisfies
	AllocatedTo    string   // request id
	AZ             string
	Region         string
	PublicIPv4     string
	PrivateIPv4    string
	PublicIPv6     string
	HostID         string
	InterfaceIP    string          // what Ansible connects to
	ConnectionPort json.RawMessage // integer or, for pods, an object with a token; see Port
	ConnectionType string          // must be set on a ready node
	Username       string          // "zuul" when the key was absent
	PythonPath     string          // must be set on a ready node
	ShellType      string
	ImageID        string
	Launcher       string // pool id
	CreatedTime    *float64
	ExternalID     json.RawMessage // string or object
	Hostname       string
	Comment        string
	UserData       json.RawMessage
	HoldJob        string
	HoldExpiration *int64 // seconds in hold, 0 for no limit of its own
	HostKeys       []string
	Resources      map[string]float64
	Slot           *int64
	Attributes     json.RawMessage
	TenantName     string
	DriverData     json.RawMessage
	Requestor      string
	// NodeProperties is a JSON object that jobs read as nodepool.node_properties; nil for an empty one. Nodepool 11 has
	// it (zk/zookeeper.py), protocol.md 2.2 does not. Null is written as {}: jobs look into it.
	NodeProperties json.RawMessage

	// Problems names the fields that could not be read. They are at their
	// defaults, and their original bytes are written back unless set.
	Problems []string

	bad    map[string]json.RawMessage
	extras map[string]json.RawMessage
}

// ParseNode reads the data of the node znode named id. It fails on anything
// but a JSON object with a known state; empty data is a husk (protocol.md 3.4).
func ParseNode(id string, data []byte) (*Node, error) {
	f, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("parse node %s: %w", id, err)
	}
	n := &Node{
		ID:             id,
		State:          NodeState(f.str("state")),
		StateTime:      f.numOrZero("state_time"),
		Cloud:          f.str("cloud"),
		Provider:       f.str("provider"),
		Pool:           f.str("pool"),
		Type:           f.labels("type"),
		AllocatedTo:    f.str("allocated_to"),
		AZ:             f.str("az"),
		Region:         f.str("region"),
		PublicIPv4:     f.str("public_ipv4"),
		PrivateIPv4:    f.str("private_ipv4"),
		PublicIPv6:     f.str("public_ipv6"),
		HostID:         f.str("host_id"),
		InterfaceIP:    f.str("interface_ip"),
		ConnectionPort: f.port(),
		ConnectionType: f.str("connection_type"),
		Username:       f.strOr("username", "zuul"),
		PythonPath:     f.str("python_path"),
		ShellType:      f.str("shell_type"),
		ImageID:        f.str("image_id"),
		Launcher:       f.str("launcher"),
		CreatedTime:    f.num("created_time"),
		ExternalID:     f.json("external_id"),
		Hostname:       f.str("hostname"),
		Comment:        f.str("comment"),
		UserData:       f.json("user_data"),
		HoldJob:        f.str("hold_job"),
		HoldExpiration: f.lenientInt("hold_expiration"),
		HostKeys:       f.strs("host_keys"),
		Resources:      f.numbers("resources"),
		Slot:           f.integer("slot"),
		Attributes:     f.json("attributes"),
		TenantName:     f.str("tenant_name"),
		DriverData:     f.json("driver_data"),
		Requestor:      f.str("requestor"),
		NodeProperties: f.object("node_properties"),
	}
	if !n.State.Valid() {
		return nil, fmt.Errorf("parse node %s: state %q is missing or unknown", id, n.State)
	}
	n.Problems, n.bad, n.extras = f.problems, f.bad, f.rest()
	return n, nil
}

// Encode writes every key of protocol.md 2.2 and node_properties, then the unknown keys in sorted order.
func (n *Node) Encode() []byte {
	w := newWriter(n.bad)
	w.str("state", string(n.State))
	w.num("state_time", n.StateTime, 0)
	w.str("cloud", n.Cloud)
	w.str("provider", n.Provider)
	w.str("pool", n.Pool)
	w.strs("type", n.Type)
	w.str("allocated_to", n.AllocatedTo)
	w.str("az", n.AZ)
	w.str("region", n.Region)
	w.str("public_ipv4", n.PublicIPv4)
	w.str("private_ipv4", n.PrivateIPv4)
	w.str("public_ipv6", n.PublicIPv6)
	w.str("host_id", n.HostID)
	w.str("interface_ip", n.InterfaceIP)
	w.json("connection_port", n.ConnectionPort)
	w.json("ssh_port", n.ConnectionPort) // the older name, kept by upstream as a mirror
	w.str("connection_type", n.ConnectionType)
	w.str("username", n.Username)
	w.str("python_path", n.PythonPath)
	w.str("shell_type", n.ShellType)
	w.str("image_id", n.ImageID)
	w.str("launcher", n.Launcher)
	w.numPtr("created_time", n.CreatedTime)
	w.json("external_id", n.ExternalID)
	w.str("hostname", n.Hostname)
	w.str("comment", n.Comment)
	w.json("user_data", n.UserData)
	w.str("hold_job", n.HoldJob)
	w.intPtr("hold_expiration", n.HoldExpiration)
	w.strs("host_keys", n.HostKeys)
	w.numbers("resources", n.Resources)
	w.intPtr("slot", n.Slot)
	w.json("attributes", n.Attributes)
	w.str("tenant_name", n.TenantName)
	w.json("driver_data", n.DriverData)
	w.str("requestor", n.Requestor)
	w.object("node_properties", n.NodeProperties)
	w.extras(n.extras)
	return w.done()
}

// SetState changes the state and stamps its time.
func (n *Node) SetState(s NodeState, now time.Time) {
	n.State, n.StateTime = s, Now(now)
}

// Port returns the connection port when it is a plain port number.
func (n *Node) Port() (int, bool) {
	if isNull(n.ConnectionPort) {
		return 0, false
	}
	v, ok := number(n.ConnectionPort)
	if !ok || v != float64(int(v)) || v < 1 || v > 65535 {
		return 0, false
	}
	return int(v), true
}

// Extra returns the value of a key this package does not know, nil if absent.
func (n *Node) Extra(key string) json.RawMessage { return n.extras[key] }

// TakeUnknown takes over the keys of another version of the record that this release does not know, except ours: who
// wrote them meanwhile must find them again (protocol.md 2, rule 4).
func (n *Node) TakeUnknown(from *Node) {
	for key, v := range from.extras {
		if strings.HasPrefix(key, ExtraPrefix) {
			continue
		}
		if n.extras == nil {
			n.extras = map[string]json.RawMessage{}
		}
		n.extras[key] = bytes.Clone(v)
	}
}

// SetExtra stores a value under a key of our own, which must start with
// ExtraPrefix; nil removes the key.
func (n *Node) SetExtra(key string, v json.RawMessage) error {
	if !strings.HasPrefix(key, ExtraPrefix) {
		return fmt.Errorf("set key %q of node %s: our own keys start with %s", key, n.ID, ExtraPrefix)
	}
	if v == nil {
		delete(n.extras, key)
		return nil
	}
	if !json.Valid(v) {
		return fmt.Errorf("set key %q of node %s: the value is not JSON", key, n.ID)
	}
	if n.extras == nil {
		n.extras = map[string]json.RawMessage{}
	}
	n.extras[key] = bytes.TrimSpace(bytes.Clone(v))
	return nil
}

// Clone returns a deep copy.
func (n *Node) Clone() *Node {
	c := *n
	c.Type = slices.Clone(n.Type)
	c.ConnectionPort = bytes.Clone(n.ConnectionPort)
	c.CreatedTime = clonePtr(n.CreatedTime)
	c.ExternalID = bytes.Clone(n.ExternalID)
	c.UserData = bytes.Clone(n.UserData)
	c.HoldExpiration = clonePtr(n.HoldExpiration)
	c.HostKeys = slices.Clone(n.HostKeys)
	c.Resources = maps.Clone(n.Resources)
	c.Slot = clonePtr(n.Slot)
	c.Attributes = bytes.Clone(n.Attributes)
	c.DriverData = bytes.Clone(n.DriverData)
	c.NodeProperties = bytes.Clone(n.NodeProperties)
	c.Problems = slices.Clone(n.Problems)
	c.bad = cloneRaw(n.bad)
	c.extras = cloneRaw(n.extras)
	return &c
}

// labels reads `type`, which was a bare string before nodepool 3.1.
func (f *fields) labels(key string) []string {
	if v, ok := f.raw[key]; ok {
		var s string
		if !isNull(v) && json.Unmarshal(v, &s) == nil {
			delete(f.raw, key)
			return []string{s}
		}
	}
	return f.strs(key)
}

// port reads connection_port, or the older ssh_port, or 22. An explicit null
// stays null: Zuul writes one after use.
func (f *fields) port() json.RawMessage {
	_, present := f.raw["connection_port"]
	_, legacy := f.raw["ssh_port"]
	port, old := f.json("connection_port"), f.json("ssh_port")
	switch {
	case present:
		return port
	case legacy:
		return old
	}
	return json.RawMessage("22")
}
