package modules

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Tag names every resource of a node should carry, so that leaked ones can be
// told from foreign ones (nodepool/driver/statemachine.py).
const (
	TagNodeID   = "nodepool_node_id"
	TagPool     = "nodepool_pool_name"
	TagProvider = "nodepool_provider_name"
)

// Further tags, which only we set: whose request and which workspace a resource was made for, and the id of the state
// directory (one launcher's) that this workspace lies in. The request is that of the launch; a READY node may serve
// another later.
const (
	TagRequest   = "nodepool_tf_request"
	TagWorkspace = "nodepool_tf_workspace"
	TagLauncher  = "nodepool_tf_launcher"
)

// NodeVars is what templates and expressions see as `node`.
type NodeVars struct {
	ID       string // znode name, ten digits
	Hostname string // "" means "np" + ID
	Label    string
	Provider string
	Pool     string
	Tenant   string            // "" for a min-ready node
	ImageID  string            // "" when the label has no image
	AZ       string            // availability zone that the launcher picked, "" where the cloud decides
	Attempt  int               // the launch attempt, counted from 1; 0 means 1
	Tags     map[string]string // nil means the first three Tag… names above
	// Dynamic are the values that the configuration renders from the request (Spec.Dynamic), by their keys.
	Dynamic map[string]string
	// Given is what was looked up for the label, by names that its driver chose: trees of Go's plain types, as Literal
	// takes them. It is fixed at launch.
	Given map[string]any
}

// nodeNames are the attributes of `node` that are strings; tags and dynamic are maps of strings, given is an object,
// attempt is a number.
var nodeNames = []string{"az", "hostname", "id", "image_id", "label", "pool", "provider", "tenant"}

// value is the node as HCL sees it; every attribute is present and not null.
func (v NodeVars) value() cty.Value {
	if v.Hostname == "" {
		v.Hostname = "np" + v.ID
	}
	if v.Tags == nil {
		v.Tags = map[string]string{TagNodeID: v.ID, TagPool: v.Pool, TagProvider: v.Provider}
	}
	given, err := mapOf(v.Given, 0)
	if err != nil { // what is of no plain type is no answer
		given = cty.EmptyObjectVal
	}
	return cty.ObjectVal(map[string]cty.Value{
		"id": text(v.ID), "hostname": text(v.Hostname), "label": text(v.Label),
		"provider": text(v.Provider), "pool": text(v.Pool), "tenant": text(v.Tenant),
		"attempt": cty.NumberIntVal(int64(max(1, v.Attempt))), "image_id": text(v.ImageID), "az": text(v.AZ), "tags": texts(v.Tags), "dynamic": texts(v.Dynamic), "given": given,
	})
}

// texts is a map of strings.
func texts(m map[string]string) cty.Value {
	vals := make(map[string]cty.Value, len(m))
	for key, val := range m {
		vals[strings.ToValidUTF8(key, "\uFFFD")] = text(val)
	}
	if len(vals) == 0 {
		return cty.MapValEmpty(cty.String)
	}
	return cty.MapVal(vals)
}

// anyNode stands for a node not known yet: it lets parsing find type errors.
func anyNode() cty.Value {
	attrs := map[string]cty.Value{
		"tags": cty.UnknownVal(cty.Map(cty.String)), "dynamic": cty.UnknownVal(cty.Map(cty.String)), "given": cty.DynamicVal,
		"attempt": cty.UnknownVal(cty.Number).RefineNotNull(),
	}
	for _, name := range nodeNames {
		attrs[name] = cty.UnknownVal(cty.String).RefineNotNull()
	}
	return cty.ObjectVal(attrs)
}

// text is a string value; bytes that are not UTF-8 become U+FFFD, because cty
// would carry them into a file Terraform cannot read.
func text(s string) cty.Value { return cty.StringVal(strings.ToValidUTF8(s, "\uFFFD")) }
