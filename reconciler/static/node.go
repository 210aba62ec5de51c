package static

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Launcher is what the record of a static node has in place of a pool id (protocol.md 2.2).
const Launcher = "static driver"

// Host is what a look at a machine showed.
type Host struct {
	// Keys are its SSH host keys, or those of the configuration where they are not checked.
	Keys []string
	// IPv4 or IPv6 is the first address of its name.
	IPv4, IPv6 string
}

// IDOf is the machine that a record stands for. No machine has its Port 0, which a record without a readable one gets.
func IDOf(n *record.Node) config.MachineID {
	port, _ := n.Port()
	return config.MachineID{Hostname: n.Hostname, Username: n.Username, Port: port}
}

// NewNode is the record of a machine's slot.
func NewNode(m *config.StaticNode, slot int, h Host, now time.Time) *record.Node {
	n := &record.Node{
		Provider: m.Pool.Provider.Name, Launcher: Launcher, Hostname: m.Name, Username: m.Username,
		ExternalID: encoded(m.Name), ConnectionPort: encoded(m.ConnectionPort),
	}
	Describe(n, m, slot, h)
	n.SetState(record.NodeReady, now)
	created := n.StateTime
	n.CreatedTime = &created
	return n
}

// Describe writes into a record everything that can change while a machine stays the same one.
func Describe(n *record.Node, m *config.StaticNode, slot int, h Host) {
	s := int64(slot)
	n.Pool, n.Type, n.Attributes, n.Slot = m.Pool.Name, slices.Clone(m.Labels), slices.Clone(m.Pool.NodeAttributes), &s
	n.InterfaceIP, n.PublicIPv4, n.PublicIPv6, n.HostKeys = m.Name, h.IPv4, h.IPv6, slices.Clone(h.Keys)
	n.ConnectionType, n.ShellType, n.PythonPath = m.ConnectionType, m.ShellType, m.PythonPath
}

func encoded(v any) json.RawMessage {
	data, _ := json.Marshal(v) // a string or an integer always encodes
	return data
}

// Current reports whether a record says what the configuration does, the host keys apart: until it does the node is
// handed to nobody.
func Current(n *record.Node, m *config.StaticNode) bool {
	return n.Slot != nil && *n.Slot >= 0 && *n.Slot < int64(m.MaxParallelJobs) && current(n, m, int(*n.Slot))
}

func current(n *record.Node, m *config.StaticNode, slot int) bool {
	return n.Slot != nil && *n.Slot == int64(slot) && n.Pool == m.Pool.Name && n.InterfaceIP == m.Name && slices.Equal(n.Type, m.Labels) &&
		n.ConnectionType == m.ConnectionType && n.ShellType == m.ShellType && n.PythonPath == m.PythonPath &&
		sameJSON(n.Attributes, m.Pool.NodeAttributes)
}

// sameKeys compares as sets: Nodepool stores an RSA key once for each of its signature algorithms.
func sameKeys(a, b []string) bool {
	in := func(list []string) func(string) bool { return func(k string) bool { return !slices.Contains(list, k) } }
	return !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

func sameJSON(a, b json.RawMessage) bool {
	if string(a) == string(b) {
		return true
	}
	var x, y any
	_ = json.Unmarshal(a, &x) // absent or unreadable: null
	_ = json.Unmarshal(b, &y)
	return reflect.DeepEqual(x, y)
}
