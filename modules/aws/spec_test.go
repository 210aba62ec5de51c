package aws

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
driver: aws
region-name: eu-central-1
PROVIDER
cloud-images: [{name: c, username: ci, image-id: ami-1}]
diskimages: [{name: d, username: ci}]
pools: [{name: main, labels: [{name: l, IMAGE, LABEL}] POOL}]
`

// read makes a provider of a case: options of the provider, pool and label, separated by "|".
func read(t *testing.T, options string) *Provider {
	t.Helper()
	parts := append(strings.Split(options, "|"), "", "")
	pool, label := strings.TrimSpace(parts[1]), strings.TrimSpace(parts[2])
	if pool != "" {
		pool = ", " + pool
	}
	image := "cloud-image: c"
	if strings.Contains(label, "diskimage") {
		image = "ebs-optimized: false"
	}
	if !strings.Contains(label, "fleet") && !strings.Contains(label, "instance-type") {
		image += ", instance-type: m7i.large"
	}
	if !strings.Contains(label, "key-name") {
		image += ", key-name: k"
	}
	if label == "" {
		label = "use-spot: false"
	}
	text := strings.NewReplacer("PROVIDER", strings.TrimSpace(parts[0]), "POOL", pool, "IMAGE", image, "LABEL", label).Replace(frame)
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
	p := New(&driver.Scope{Provider: "p", Driver: "aws", IsLabel: func(string) bool { return true }, Images: map[string]driver.Global{"d": {}}})
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
	values, err := spec.EvalInputs(modules.NodeVars{
		ID: "0000000042", ImageID: "ami-1", Tags: map[string]string{"mark": "m"}, Dynamic: map[string]string{"tenant": "t", "mark": "no"},
		Given: map[string]any{GivenRootDevice: "/dev/xvda", GivenZone: "z1", GivenSizes: map[string]any{"a.b": map[string]any{"cores": 2}}},
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

// mapping is what each option changes of the inputs (name=JSON; name= for one that goes away) and of the provider's
// configuration, by its path; "-" is an option that no module can know: the launcher, the record or the builder acts on it.
var mapping = map[string]struct{ with, want string }{
	"region-name":                    {"", "-"}, // see TestProviderConfig
	"profile-name":                   {"", "-"},
	"launch-timeout":                 {"launch-timeout: 600", `launch_timeout=600`},
	"public-ipv4":                    {"public-ipv4: false", `public_ipv4=false`},
	"public-ipv6":                    {"public-ipv6: true", `public_ipv6=true`},
	"cloud-images":                   {"", "-"}, // node.image_id
	"diskimages":                     {"", "-"},
	"pools[].availability-zone":      {"|availability-zone: z", `availability_zone="z"`},
	"pools[].subnet-id":              {"|subnet-id: s", `subnet_id="s"`},
	"pools[].security-group-id":      {"|security-group-id: g", `security_group_id="g"`},
	"pools[].public-ip-address":      {"|public-ip-address: false, public-ipv4: true", `public_ipv4=false`},
	"pools[].public-ipv4":            {"|public-ipv4: false", `public_ipv4=false`},
	"pools[].public-ipv6":            {"|public-ipv6: true", `public_ipv6=true`},
	"pools[].labels[].cloud-image":   {"", "-"},
	"pools[].labels[].diskimage":     {"||diskimage: d", ``},
	"pools[].labels[].instance-type": {"||instance-type: t3.nano", `instance_type="t3.nano"`},
	"pools[].labels[].fleet": {"|availability-zone: z, public-ipv6: true|fleet: {instance-types: [a, b], allocation-strategy: lowest-price}, ebs-optimized: true, iam-instance-profile: {name: n}",
		`availability_zone="z1" fleet={"allocation_strategy":"lowestPrice","instance_types":["a","b"]} instance_type= public_ipv4= root_device="/dev/xvda" sizes={"a.b":{"cores":2}}`},
	"pools[].labels[].dedicated-host":           {"|availability-zone: z|dedicated-host: true", `availability_zone="z" dedicated_host=true`},
	"pools[].labels[].ebs-optimized":            {"||ebs-optimized: true", `ebs_optimized=true`},
	"pools[].labels[].iam-instance-profile":     {"||iam-instance-profile: {name: ci}", `instance_profile="ci"`},
	"pools[].labels[].iam-instance-profile.arn": {"||iam-instance-profile: {arn: 'arn:aws:iam::1:instance-profile/team/ci'}", `instance_profile="ci"`},
	"pools[].labels[].imdsv2":                   {"||imdsv2: required", `http_tokens="required"`},
	"pools[].labels[].key-name":                 {"||key-name: other", `key_name="other"`},
	"pools[].labels[].volume-type":              {"||volume-type: gp3", `root_volume={"type":"gp3"}`},
	"pools[].labels[].volume-size":              {"||volume-size: 60", `root_volume={"size":60}`},
	"pools[].labels[].iops":                     {"||iops: 4000", `root_volume={"iops":4000}`},
	"pools[].labels[].throughput":               {"||throughput: 250", `root_volume={"throughput":250}`},
	"pools[].labels[].userdata":                 {`||userdata: "${x} %{y}"`, `user_data="${x} %{y}"`},
	"pools[].labels[].tags":                     {"||tags: {a: true, tenant: no one, mark: n}", `tags={"a":"True","mark":"m","tenant":"t"}`},
	"pools[].labels[].dynamic-tags":             {"||dynamic-tags: {tenant: '{request.tenant_name}'}", ``}, // see TestDynamicTags
	"pools[].labels[].use-spot":                 {"||use-spot: true", `spot=true`},
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

// TestEveryOption: an option whose row names a resource has a row in the mapping, or is part of one that has.
func TestEveryOption(t *testing.T) {
	for _, o := range option.List(New(&driver.Scope{Driver: "aws"})) {
		switch o.Maps {
		case driver.Launcher, driver.Record, driver.Builder, driver.Module, driver.None:
			continue
		}
		found := false
		for path := range mapping {
			found = found || path == o.Path || strings.HasPrefix(o.Path, path+".") || strings.HasPrefix(o.Path, path+"[].")
		}
		switch builder := strings.HasPrefix(o.Maps, "aws_s3_object") || strings.HasPrefix(o.Maps, "aws_ebs_snapshot_import"); {
		case builder || found, strings.HasPrefix(o.Maps, "tag "), o.Path == "pools[].labels":
		default:
			t.Errorf("%s (%s) has no row in the mapping", o.Path, o.Maps)
		}
	}
}

func TestProviderConfig(t *testing.T) {
	for with, want := range map[string]map[string]any{
		"":                 {"region": "eu-central-1", "max_retries": int64(5)},
		"profile-name: ci": {"region": "eu-central-1", "max_retries": int64(5), "profile": "ci"},
	} {
		spec, err := Driver.Spec(read(t, with), "main", "l")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]any{"aws": want}, spec.ProviderConfig); d != "" {
			t.Errorf("%s: %s", with, d)
		}
	}
}

// TestConsoleLog: the option is ours, and what the launcher does with it is what it does for openstack.
func TestConsoleLog(t *testing.T) {
	for with, want := range map[string]bool{"": false, "||console-log: true": true} {
		if l := read(t, with).Label("main", "l"); l.ConsoleLog != want {
			t.Errorf("%s: %v", with, l.ConsoleLog)
		}
	}
}

func TestDynamicTags(t *testing.T) {
	spec, err := Driver.Spec(read(t, "||dynamic-tags: {tenant: '{request.tenant_name}'}"), "main", "l")
	if err != nil || spec.Dynamic["tenant"] != "{request.tenant_name}" {
		t.Errorf("%v %v", spec, err)
	}
}

// TestModule: the module declares what the mapping gives, the mapping can give all that it declares, and its outputs are
// node fields.
func TestModule(t *testing.T) {
	declared := blocks(t)
	given := map[string]bool{}
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
	want := []string{"aws_ec2_fleet", "aws_ec2_host", "aws_ec2_instance_state", "aws_instance", "aws_launch_template"}
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
