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
	Tags     map[string]string // nil means the first three Tag… names above
}

// nodeNames are the attributes of `node` that are strings; tags is a map.
var nodeNames = []string{"hostname", "id", "image_id", "label", "pool", "provider", "tenant"}

// value is the node as HCL sees it; every attribute is present and not null.
func (v NodeVars) value() cty.Value {
	if v.Hostname == "" {
		v.Hostname = "np" + v.ID
	}
	if v.Tags == nil {
		v.Tags = map[string]string{TagNodeID: v.ID, TagPool: v.Pool, TagProvider: v.Provider}
	}
	tags := make(map[string]cty.Value, len(v.Tags))
	for key, val := range v.Tags {
		tags[strings.ToValidUTF8(key, "\uFFFD")] = text(val)
	}
	tagMap := cty.MapValEmpty(cty.String)
	if len(tags) > 0 {
		tagMap = cty.MapVal(tags)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"id": text(v.ID), "hostname": text(v.Hostname), "label": text(v.Label),
		"provider": text(v.Provider), "pool": text(v.Pool), "tenant": text(v.Tenant),
		"image_id": text(v.ImageID), "tags": tagMap,
	})
}

// anyNode stands for a node not known yet: it lets parsing find type errors.
func anyNode() cty.Value {
	attrs := map[string]cty.Value{"tags": cty.UnknownVal(cty.Map(cty.String))}
	for _, name := range nodeNames {
		attrs[name] = cty.UnknownVal(cty.String).RefineNotNull()
	}
	return cty.ObjectVal(attrs)
}

// text is a string value; bytes that are not UTF-8 become U+FFFD, because cty
// would carry them into a file Terraform cannot read.
func text(s string) cty.Value { return cty.StringVal(strings.ToValidUTF8(s, "\uFFFD")) }
