package gce

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// frame is a provider with one label; what a case adds goes in the place of the capitals.
const frame = `
name: p
driver: gce
project: acme
region: europe-west1
zone: europe-west1-c
PROVIDER
cloud-images: [{name: c, username: ci, IMAGE}]
pools: [{name: main, labels: [{name: l, cloud-image: c, LABEL}] POOL}]
`

// read makes a provider of a case: options of the provider, image, pool and label, separated by "|".
func read(t *testing.T, options string) *Provider {
	t.Helper()
	parts := append(strings.Split(options, "|"), "", "", "")
	image, pool, label := parts[1], parts[2], parts[3]
	if !strings.Contains(image, "image-") {
		image = strings.TrimPrefix("image-id: img, "+image, ", ")
	}
	if pool != "" {
		pool = ", " + pool
	}
	if !strings.Contains(label, "instance-type") {
		label = "instance-type: e2-small, " + label
	}
	frame := frame
	for key := range strings.SplitSeq(parts[0], ", ") { // what a case gives again goes away first
		if name, _, ok := strings.Cut(key, ":"); ok {
			lines := slices.DeleteFunc(strings.Split(frame, "\n"), func(l string) bool { return strings.HasPrefix(l, name+":") })
			frame = strings.Join(lines, "\n")
		}
	}
	text := strings.NewReplacer("PROVIDER", parts[0], "IMAGE", strings.TrimSuffix(image, ", "), "POOL", pool, "LABEL", strings.TrimSuffix(label, ", ")).Replace(frame)
	v, issues := schema.Parse("nodepool.yaml", []byte(text))
	if v == nil || len(issues) > 0 {
		t.Fatalf("%s: %v", text, issues)
	}
	rep := schema.NewReport("nodepool.yaml", schema.Load, nil)
	m, ok := rep.Root(v).Mapping()
	if !ok {
		t.Fatal("no mapping")
	}
	m.Accept("name", "driver")
	p := New(&driver.Scope{Provider: "p", Driver: "gce", IsLabel: func(string) bool { return true }})
	option.Read(p, m)
	if schema.HasErrors(rep.Issues()) {
		t.Fatalf("%s: %v", text, rep.Issues())
	}
	return p
}

// given is what the module and its provider are given for one node, by name, as JSON.
func given(t *testing.T, p *Provider, attempt int) map[string]string {
	t.Helper()
	spec, err := Driver.Spec(p, "main", "l")
	if err != nil {
		t.Fatal(err)
	}
	values, err := spec.EvalInputs(modules.NodeVars{
		ID: "0000000042", Attempt: attempt, ImageID: "img", Tags: map[string]string{"nodepool_pool_name": "Main pool"},
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
	for name, v := range spec.ProviderConfig["google"].(map[string]any) {
		out["provider."+name] = v.(string)
	}
	return out
}

// mapping is what each option changes of what the module (name=JSON) and its provider (provider.name=text) are given; "-"
// is an option that no module can know: the launcher or the record acts on it, or it ends up in node.image_id.
var mapping = map[string]struct{ with, want string }{
	"project":                        {"project: other", `provider.project=other`},
	"region":                         {"region: us-east1", `provider.region=us-east1`},
	"zone":                           {"zone: europe-west1-d", `provider.zone=europe-west1-d zone="europe-west1-d"`},
	"launch-timeout":                 {"launch-timeout: 600", `launch_timeout=600`},
	"cloud-images":                   {"", "-"},
	"cloud-images[].image-id":        {"", "-"},
	"cloud-images[].image-family":    {"", "-"},
	"cloud-images[].image-project":   {"", "-"},
	"cloud-images[].key":             {"|key: ssh-ed25519 AAAA me", `metadata={"nodepool_pool_name":"Main pool","ssh-keys":"ci:ssh-ed25519 AAAA me"}`},
	"pools[].labels[].cloud-image":   {"", "-"},
	"pools[].labels[].instance-type": {"|||instance-type: n2-standard-2", `machine_type="n2-standard-2"`},
	"pools[].labels[].volume-type":   {"|||volume-type: pd-ssd", `disk_type="pd-ssd"`},
	"pools[].labels[].volume-size":   {"|||volume-size: 40", `disk_size=40`},
}

// TestMapping: each option reaches the module, and nothing else changes with it.
func TestMapping(t *testing.T) {
	base := given(t, read(t, ""), 1)
	for path, c := range mapping {
		if c.want == "-" {
			continue
		}
		got := given(t, read(t, c.with), 1)
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

// TestEveryOption: an option whose row names a resource has a row in the mapping.
func TestEveryOption(t *testing.T) {
	for _, o := range option.List(New(&driver.Scope{Driver: "gce"})) {
		switch o.Maps {
		case driver.Launcher, driver.Record, driver.Module, driver.None, "lookup key":
			continue
		}
		if _, ok := mapping[o.Path]; !ok && o.Path != "pools[].labels" && !strings.HasPrefix(o.Maps, "metadata nodepool_") {
			t.Errorf("%s (%s) has no row in the mapping", o.Path, o.Maps)
		}
	}
}

// TestBase is all that a module is given without an option more than there must be: Nodepool's defaults.
func TestBase(t *testing.T) {
	want := map[string]string{
		"name": `"np0000000042"`, "image_id": `"img"`, "machine_type": `"e2-small"`, "zone": `"europe-west1-c"`, "disk_type": `"pd-standard"`, "disk_size": "10",
		"metadata": `{"nodepool_pool_name":"Main pool"}`, "launch_timeout": "3600",
		"provider.project": "acme", "provider.region": "europe-west1", "provider.zone": "europe-west1-c",
	}
	if d := cmp.Diff(want, given(t, read(t, ""), 1)); d != "" {
		t.Error(d)
	}
	if second := given(t, read(t, ""), 2)["name"]; second != `"np0000000042-2"` {
		t.Errorf("a second attempt is called %s", second)
	}
}

// TestImage: the configuration says the id of an image, or leaves it to the lookup.
func TestImage(t *testing.T) {
	for with, want := range map[string]string{
		"": "img", "|image-id: projects/q/global/images/x, image-project: q, image-family: f": "projects/q/global/images/x", "|image-project: q, image-family: f": "",
	} {
		if l, _ := read(t, with).Pools.List[0].Labels.Get("l"); l.ImageID != want {
			t.Errorf("%s: %q", with, l.ImageID)
		}
	}
}
