package azure

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclparse"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// frame is a provider with one label; what a case adds goes in the place of the capitals.
const frame = `
name: p
driver: azure
location: westeurope
resource-group: nodes
resource-group-location: westeurope
auth-path: /etc/azure.json
PROVIDER
cloud-images: [{name: c, IMAGE}]
diskimages: [{name: d, DISK}]
pools: [{name: main, max-servers: 3, labels: [{name: l, LABEL}] POOL}]
`

// usual is a part of a case with what it must have, unless it names one of the keys itself.
func usual(part, value string, keys ...string) string {
	for _, key := range keys {
		if strings.Contains(part, key+":") {
			return part
		}
	}
	return strings.TrimPrefix(strings.TrimSpace(part)+", "+value, ", ")
}

// read makes a provider of a case: options of the provider, pool, label, cloud image and disk image, separated by "|".
func read(t *testing.T, options string) *Provider {
	t.Helper()
	parts := append(strings.Split(options, "|"), "", "", "", "")
	provider, pool, label, image, disk := parts[0], parts[1], parts[2], parts[3], parts[4]
	if !strings.Contains(provider, "subnet-id") {
		provider += "\nnetwork: net"
	}
	if pool != "" {
		pool = ", " + pool
	}
	label = usual(usual(label, "cloud-image: c", "diskimage"), "hardware-profile: {vm-size: Standard_D2s_v5}", "hardware-profile")
	image = usual(usual(image, "image-id: /i", "image-id", "image-filter", "image-reference", "gallery-image"), "username: ci", "username")
	if !strings.Contains(provider, "zuul-public-key") {
		image = usual(image, "key: ssh-ed25519 A", "key")
	}
	disk = usual(disk, "key: ssh-ed25519 B", "key")
	text := strings.NewReplacer("PROVIDER", provider, "POOL", pool, "LABEL", label, "IMAGE", image, "DISK", disk).Replace(frame)
	v, issues := schema.Parse("nodepool.yaml", []byte(text))
	if v == nil || len(issues) > 0 {
		t.Fatalf("%s: %v", text, issues)
	}
	rep := schema.NewReport("nodepool.yaml", schema.Load, nil)
	m, ok := rep.Root(v).Mapping()
	if !ok {
		t.Fatal("no mapping")
	}
	m.Accept("name", "driver", "max-concurrency", "priority")
	p := New(&driver.Scope{Provider: "p", Driver: "azure", IsLabel: func(string) bool { return true }, Images: map[string]driver.Global{"d": {Username: "built"}}})
	option.Read(p, m)
	if schema.HasErrors(rep.Issues()) {
		t.Fatalf("%s: %v", text, rep.Issues())
	}
	return p
}

// inputs are what the module is given for one node, as JSON.
func inputs(t *testing.T, p *Provider) map[string]string {
	t.Helper()
	spec, err := Driver.Spec(p, "main", "l")
	if err != nil {
		t.Fatal(err)
	}
	l, _ := p.Pools.List[0].Labels.Get("l")
	values, err := spec.EvalInputs(modules.NodeVars{
		ID: "0000000042", ImageID: l.ImageID, Attempt: 2, Tags: map[string]string{"mark": "m"}, Dynamic: map[string]string{"tenant": "t", "mark": "no"},
		Given: map[string]any{GivenSubnet: "looked up", GivenSubscription: "s"},
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
	return out
}

// mapping is what each option changes of the inputs (name=JSON; name= for one that goes away); "-" is an option that
// reaches the module in another way, which the comment names.
var mapping = map[string]struct{ with, want string }{
	"auth-path":           {"", "-"}, // see TestProviderConfig
	"network":             {"", "-"}, // looked up
	"location":            {"", "-"}, // see TestPlain
	"resource-group":      {"", "-"}, // see TestPlain
	"subnet-id":           {"subnet-id: /s", `subnet_id="/s"`},
	"launch-timeout":      {"launch-timeout: 600", `launch_timeout=600`},
	"public-ipv4":         {"public-ipv4: false", `public_ipv4=`},
	"public-ipv6":         {"public-ipv6: true", `ipv6=true public_ipv6=true`},
	"ipv4":                {"ipv4: false", ``}, // implied by public-ipv4, and always there
	"ipv6":                {"ipv6: true", `ipv6=true`},
	"zuul-public-key":     {"zuul-public-key: z", `ssh_key="z"`},
	"pools[].ipv4":        {"|public-ipv4: false, ipv4: true", `public_ipv4=`},
	"pools[].ipv6":        {"|ipv6: true", `ipv6=true`},
	"pools[].public-ipv4": {"|public-ipv4: false", `public_ipv4=`},
	"pools[].public-ipv6": {"|public-ipv6: true", `ipv6=true public_ipv6=true`},

	"cloud-images":            {"", "-"}, // their options
	"cloud-images[].username": {"|||username: other", `admin_username="other"`},
	"cloud-images[].password": {`|||password: hunter2, key: ""`, `admin_password="hunter2" os_type="windows" ssh_key=`},
	"cloud-images[].generate-password": {
		"|||generate-password: true, connection-type: winrm", `generate_password=true os_type="windows" ssh_key=`,
	},
	"cloud-images[].key":          {"|||key: ssh-ed25519 C", `ssh_key="ssh-ed25519 C"`},
	"cloud-images[].image-id":     {"|||image-id: /other", `image_id="/other"`},
	"cloud-images[].image-filter": {"|||image-filter: {name: n}", `image_id=""`}, // node.image_id, found by the launcher
	"cloud-images[].image-reference": {
		"|||image-reference: {sku: s, publisher: p, offer: o, version: v}", `image_id= image_reference={"offer":"o","publisher":"p","sku":"s","version":"v"}`,
	},
	"cloud-images[].shared-gallery-image":            {"|||shared-gallery-image: {gallery-name: g, name: n}", `image_id="/sharedGalleries/g/images/n"`},
	"cloud-images[].shared-gallery-image.version":    {"|||shared-gallery-image: {gallery-name: g, name: n, version: 1.0.0}", `image_id="/sharedGalleries/g/images/n/versions/1.0.0"`},
	"cloud-images[].community-gallery-image":         {"|||community-gallery-image: {gallery-name: g, name: n}", `image_id="/communityGalleries/g/images/n"`},
	"cloud-images[].community-gallery-image.version": {"|||community-gallery-image: {gallery-name: g, name: n, version: 1.0.0}", `image_id="/communityGalleries/g/images/n/versions/1.0.0"`},

	"diskimages":                     {"||diskimage: d", `admin_username="built" image_id="" ssh_key="ssh-ed25519 B"`}, // node.image_id is an upload's
	"diskimages[].username":          {"||diskimage: d||username: u", `admin_username="u" image_id="" ssh_key="ssh-ed25519 B"`},
	"diskimages[].key":               {"||diskimage: d||key: ssh-ed25519 D", `admin_username="built" image_id="" ssh_key="ssh-ed25519 D"`},
	"diskimages[].password":          {"||diskimage: d||password: p, key: ''", `admin_password="p" admin_username="built" image_id="" ssh_key=`},
	"diskimages[].generate-password": {"||diskimage: d||generate-password: true, key: ''", `admin_username="built" generate_password=true image_id="" ssh_key=`},

	"pools[].labels[].cloud-image":              {"", "-"},
	"pools[].labels[].diskimage":                {"", "-"},
	"pools[].labels[].hardware-profile":         {"||hardware-profile: {vm-size: big}", `size="big"`},
	"pools[].labels[].hardware-profile.vm-size": {"||hardware-profile: {vm-size: big}", `size="big"`},
	"pools[].labels[].tags":                     {"||tags: {a: true, tenant: no one, mark: n}", `tags={"a":"True","mark":"m","tenant":"t"}`},
	"pools[].labels[].dynamic-tags":             {"", "-"}, // see TestDynamicTags
	"pools[].labels[].user-data":                {`||user-data: "${x} %{y}"`, `user_data="${x} %{y}"`},
	"pools[].labels[].custom-data":              {`||custom-data: "${x} %{y}"`, `custom_data="${x} %{y}"`},
	"pools[].labels[].volume-size":              {"||volume-size: 60", `disk_size=60`},
}

// TestMapping: each option reaches the module, and no other input changes with it.
func TestMapping(t *testing.T) {
	base := inputs(t, read(t, ""))
	for path, c := range mapping {
		if c.want == "-" {
			continue
		}
		got := inputs(t, read(t, c.with))
		var diff []string
		for _, name := range slices.Sorted(maps.Keys(merged(base, got))) {
			if base[name] != got[name] {
				diff = append(diff, name+"="+got[name])
			}
		}
		if d := cmp.Diff(c.want, strings.Join(diff, " ")); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// TestPlain: the inputs of a label without more than it must have.
func TestPlain(t *testing.T) {
	want := map[string]string{
		"admin_username": `"ci"`, "computer_name": `"np0000000042"`, "image_id": `"/i"`, "launch_timeout": "3600", "location": `"westeurope"`,
		"name": `"np0000000042-2"`, "public_ipv4": "true", "resource_group": `"nodes"`, "size": `"Standard_D2s_v5"`, "ssh_key": `"ssh-ed25519 A"`,
		"subnet_id": `"looked up"`, "subscription_id": `"s"`, "tags": `{"mark":"m","tenant":"t"}`,
	}
	if d := cmp.Diff(want, inputs(t, read(t, ""))); d != "" {
		t.Error(d)
	}
}

// TestEveryOption: an option whose row names a resource has a row in the mapping, or is part of one that has.
func TestEveryOption(t *testing.T) {
	for _, o := range option.List(New(&driver.Scope{Driver: "azure"})) {
		switch o.Maps {
		case driver.Launcher, driver.Record, driver.Builder, driver.Module, driver.None:
			continue
		}
		found := false
		for path := range mapping {
			found = found || path == o.Path || strings.HasPrefix(o.Path, path+".") || strings.HasPrefix(o.Path, path+"[].")
		}
		group := o.Path == "resource-group-location" // made by nobody
		if !found && !group && !strings.HasPrefix(o.Maps, "tag ") && o.Path != "pools[].labels" {
			t.Errorf("%s (%s) has no row in the mapping", o.Path, o.Maps)
		}
	}
}

// TestProviderConfig: what is secret stays in the file.
func TestProviderConfig(t *testing.T) {
	spec, err := Driver.Spec(read(t, ""), "main", "l")
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) modules.FileField { return modules.FileField{Path: "/etc/azure.json", Field: name} }
	want := map[string]any{"azurerm": map[string]any{
		"features":                        map[string]any{"persist_id_on_create_before_polling_for_completion": true},
		"resource_provider_registrations": "none", "use_cli": false,
		"client_id": field("clientId"), "client_secret": field("clientSecret"), "tenant_id": field("tenantId"), "subscription_id": field("subscriptionId"),
	}}
	if d := cmp.Diff(want, spec.ProviderConfig); d != "" {
		t.Error(d)
	}
}

func TestDynamicTags(t *testing.T) {
	spec, err := Driver.Spec(read(t, "||dynamic-tags: {tenant: '{request.tenant_name}'}"), "main", "l")
	if err != nil || spec.Dynamic["tenant"] != "{request.tenant_name}" {
		t.Errorf("%v %v", spec, err)
	}
}

// ofModule are variables that no option sets: an operator may, with `inputs`.
var ofModule = []string{"disk_caching", "disk_type"}

// TestModule: the module declares what the mapping gives, the mapping can give all that it declares, and its outputs are
// node fields.
func TestModule(t *testing.T) {
	declared := blocks(t)
	given := map[string]bool{}
	for _, name := range ofModule {
		given[name] = true
	}
	for _, c := range mapping {
		if c.want != "-" {
			for name := range inputs(t, read(t, c.with)) {
				given[name] = true
			}
		}
	}
	if d := cmp.Diff(declared["variable"], slices.Sorted(maps.Keys(given))); d != "" {
		t.Errorf("-declared +given:\n%s", d)
	}
	for _, name := range declared["output"] {
		if err := modules.CheckField(name); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"azurerm_linux_virtual_machine", "azurerm_network_interface", "azurerm_public_ip", "azurerm_public_ip", "azurerm_windows_virtual_machine",
	}
	if d := cmp.Diff(want, declared["resource"]); d != "" {
		t.Error(d)
	}
}

// blocks are the first labels of the module's blocks, sorted, by the blocks' type.
func blocks(t *testing.T) map[string][]string {
	t.Helper()
	files, err := folders.ReadDir("node")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".tf") {
			continue
		}
		data, err := folders.ReadFile("node/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		f, diags := hclparse.NewParser().ParseHCL(data, file.Name())
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		content, _, diags := f.Body.PartialContent(moduleSchema)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, b := range content.Blocks {
			out[b.Type] = append(out[b.Type], b.Labels[0])
		}
	}
	for _, names := range out {
		slices.Sort(names)
	}
	return out
}
