package ibmvpc

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"go.yaml.in/yaml/v4"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// frame are the options of a provider with one label, level by level.
var frame = []string{
	"name: p, driver: ibmvpc, vpc: v, region: eu-de, zone: eu-de-1, subnet: s, diskimages: [{name: d, operating-system: o}]",
	"name: c, username: ci, image-id: img",
	"name: main, max-servers: 1",
	"name: l, cloud-image: c, profile: bx2-2x8",
}

// read makes a provider of the frame and what a case lays over it: options of the provider, image, pool and label,
// separated by "|". A key without a value goes away.
func read(t *testing.T, options string) *Provider {
	t.Helper()
	levels := make([]map[string]any, len(frame))
	over := append(strings.Split(options, "|"), "", "", "")
	for i := range frame {
		for _, text := range []string{frame[i], over[i]} {
			var some map[string]any
			if err := yaml.Unmarshal([]byte("{"+text+"}"), &some); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if levels[i] == nil {
				levels[i] = map[string]any{}
			}
			maps.Copy(levels[i], some)
		}
		maps.DeleteFunc(levels[i], func(_ string, v any) bool { return v == nil })
	}
	levels[2]["labels"] = []any{levels[3]}
	levels[0]["cloud-images"], levels[0]["pools"] = []any{levels[1]}, []any{levels[2]}
	text, err := yaml.Marshal(levels[0])
	if err != nil {
		t.Fatal(err)
	}
	v, issues := schema.Parse("nodepool.yaml", text)
	if v == nil || len(issues) > 0 {
		t.Fatalf("%s: %v", text, issues)
	}
	rep := schema.NewReport("nodepool.yaml", schema.Load, nil)
	m, _ := rep.Root(v).Mapping()
	m.Accept("name", "driver", "max-concurrency", "priority")
	p := New(&driver.Scope{Provider: "p", Driver: "ibmvpc", IsLabel: func(string) bool { return true }, Images: map[string]driver.Global{"d": {}}})
	option.Read(p, m)
	if schema.HasErrors(rep.Issues()) {
		t.Fatalf("%s: %v", text, rep.Issues())
	}
	return p
}

// given is what the module and its provider are given for one node, by name, as JSON.
func given(t *testing.T, p *Provider) map[string]string {
	t.Helper()
	spec, err := Driver.Spec(p, "main", "l")
	if err != nil {
		t.Fatal(err)
	}
	values, err := spec.EvalInputs(modules.NodeVars{
		ID: "0000000042", ImageID: "img", Tags: map[string]string{"mark": "m"},
		Given: map[string]any{GivenVPC: "r-v", GivenSubnet: "r-s", GivenResourceGroup: "r-g", GivenKeys: []any{"r-k"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, v := range values {
		data, err := ctyjson.Marshal(v, v.Type())
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(data)
	}
	for name, v := range spec.ProviderConfig["ibm"].(map[string]any) {
		if text, ok := v.(string); ok {
			out["provider."+name] = text
		}
	}
	return out
}

// mapping is what each option changes of what the module (name=JSON) and its provider (provider.name=text) are given; "-"
// is an option that no module can know: it is looked up by name, acted on by the launcher, or ends up in node.image_id.
var mapping = map[string]struct{ with, want string }{
	"name":                         {"", "-"}, // node.tags, and see TestResourceGroup
	"vpc":                          {"", "-"},
	"region":                       {"region: us-south", `provider.region=us-south region="us-south"`},
	"credentials-file":             {"", "-"}, // see TestCredentials
	"zone":                         {"zone: eu-de-2", `zone="eu-de-2"`},
	"subnet":                       {"", "-"},
	"public-ipv4":                  {"public-ipv4: true", `public_ipv4=true`},
	"launch-timeout":               {"launch-timeout: 600", `launch_timeout=600`},
	"cloud-images":                 {"", "-"},
	"diskimages":                   {"", "-"},
	"pools":                        {"", "-"},
	"pools[].name":                 {"", "-"},
	"pools[].zone":                 {"||zone: eu-de-3", `zone="eu-de-3"`},
	"pools[].subnet":               {"", "-"},
	"pools[].public-ipv4":          {"public-ipv4: true||public-ipv4: false", ``},
	"pools[].labels":               {"", "-"},
	"pools[].labels[].cloud-image": {"", "-"},
	"pools[].labels[].diskimage":   {"|||diskimage: d, cloud-image: null", ``},
	"pools[].labels[].profile":     {"|||profile: cx2-4x8", `profile="cx2-4x8"`},
	"pools[].labels[].user-data":   {`|||user-data: "${x} %{y}"`, `user_data="${x} %{y}"`},
}

// TestMapping: each option reaches the module, and nothing else changes with it.
func TestMapping(t *testing.T) {
	base := given(t, read(t, ""))
	for path, c := range mapping {
		if c.want == "-" {
			continue
		}
		got := given(t, read(t, c.with))
		all := maps.Clone(base)
		maps.Copy(all, got)
		var diff []string
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if base[name] != got[name] {
				diff = append(diff, name+"="+got[name])
			}
		}
		if d := cmp.Diff(c.want, strings.Join(diff, " ")); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

// TestEveryOption: an option whose row names a resource has a row in the mapping, or is part of one that has.
func TestEveryOption(t *testing.T) {
	for _, o := range option.List(New(&driver.Scope{Driver: "ibmvpc"})) {
		switch o.Maps {
		case driver.Launcher, driver.Record, driver.Builder, driver.Module, driver.None:
			continue
		}
		_, found := mapping[o.Path]
		builder := strings.HasPrefix(o.Path, "object-storage")
		if part := strings.HasPrefix(o.Path, "cloud-images[].") || strings.HasPrefix(o.Path, "diskimages[]."); !found && !part && !builder {
			t.Errorf("%s (%s) has no row in the mapping", o.Path, o.Maps)
		}
	}
}

// TestBase is all that a module is given without an option more than there must be: Nodepool's defaults.
func TestBase(t *testing.T) {
	want := map[string]string{
		"name": `"np0000000042"`, "image_id": `"img"`, "profile": `"bx2-2x8"`, "region": `"eu-de"`, "zone": `"eu-de-1"`, "public_ipv4": "false",
		"vpc_id": `"r-v"`, "subnet_id": `"r-s"`, "resource_group_id": `"r-g"`, "key_ids": `["r-k"]`, "tags": `{"mark":"m"}`, "launch_timeout": "3600",
		"provider.region": "eu-de",
	}
	if d := cmp.Diff(want, given(t, read(t, ""))); d != "" {
		t.Error(d)
	}
}

// TestImage: the configuration says the id of an image, or leaves it to the lookup.
func TestImage(t *testing.T) {
	for with, want := range map[string]string{
		"": "img", "|image-id: null, image-href: 'https://eu-de.iaas.cloud.ibm.com/v1/images/r010-7'": "r010-7", "|image-id: null, image-name: x": "",
		"|||diskimage: d": "",
	} {
		if l, _ := read(t, with).Pools.List[0].Labels.Get("l"); l.ImageID != want {
			t.Errorf("%s: %q", with, l.ImageID)
		}
	}
}

// TestResourceGroup: group and name say whose something is, and nothing else is taken for a node's.
func TestResourceGroup(t *testing.T) {
	if got := read(t, "").Pools.List[0].ResourceGroup(); got != "np_p_main" {
		t.Error(got)
	}
	for name, want := range map[string]string{"np0000000042": "0000000042", "np": "", "np1x": "", "x1": "", "npimage1": "", "np 1": ""} {
		if got := NodeOf(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
