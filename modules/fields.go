package modules

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// Fields is what a module's outputs say about a node, in the shapes of the node
// record (protocol.md 2.2). "" and nil mean: not said, keep what the label says.
type Fields struct {
	InterfaceIP string // address, host name or pod name Zuul connects to
	PublicIPv4  string
	PrivateIPv4 string
	PublicIPv6  string
	ExternalID  json.RawMessage // JSON string or object
	Hostname    string
	AZ          string
	Region      string
	Cloud       string
	HostID      string
	// ConnectionPort is a JSON integer, or an object for Kubernetes connections;
	// the object holds a token: never print it.
	ConnectionPort json.RawMessage
	ConnectionType string
	Username       string
	// HostKeys are "<type> <base64>" each. HostKeysSet says the module told them,
	// perhaps that there are none: then no scan is made.
	HostKeys    []string
	HostKeysSet bool
	Resources   map[string]float64
	Attributes  json.RawMessage // JSON object
	Properties  json.RawMessage // JSON object
}

// field is one node field an output may set.
type field struct {
	name string
	set  func(f *Fields, v cty.Value) error // v is known and not null
}

// fields in the order of design.md, "Node fields an output may set".
var fields = []field{
	{"interface_ip", func(f *Fields, v cty.Value) error { return setHost(&f.InterfaceIP, v) }},
	{"public_ipv4", func(f *Fields, v cty.Value) error { return setIPv4(&f.PublicIPv4, v) }},
	{"private_ipv4", func(f *Fields, v cty.Value) error { return setIPv4(&f.PrivateIPv4, v) }},
	{"public_ipv6", func(f *Fields, v cty.Value) error { return setIPv6(&f.PublicIPv6, v) }},
	{"external_id", setExternalID},
	{"hostname", func(f *Fields, v cty.Value) error { return setText(&f.Hostname, v) }},
	{"az", func(f *Fields, v cty.Value) error { return setText(&f.AZ, v) }},
	{"region", func(f *Fields, v cty.Value) error { return setText(&f.Region, v) }},
	{"cloud", func(f *Fields, v cty.Value) error { return setText(&f.Cloud, v) }},
	{"host_id", func(f *Fields, v cty.Value) error { return setID(&f.HostID, v) }},
	{"connection_port", setConnectionPort},
	{"connection_type", func(f *Fields, v cty.Value) error { return setText(&f.ConnectionType, v) }},
	{"username", func(f *Fields, v cty.Value) error { return setText(&f.Username, v) }},
	{"host_keys", setHostKeys},
	{"resources", setResources},
	{"attributes", func(f *Fields, v cty.Value) error { return setMap(&f.Attributes, v) }},
	{"node_properties", func(f *Fields, v cty.Value) error { return setMap(&f.Properties, v) }},
}

// FieldNames lists the node fields an output may set.
func FieldNames() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// CheckField tells whether name is a node field an output may set; the error
// lists what is allowed.
func CheckField(name string) error {
	if slices.Contains(FieldNames(), name) {
		return nil
	}
	return fmt.Errorf("no output may set a node field %q; %s", name, oneOf(name, FieldNames()))
}
