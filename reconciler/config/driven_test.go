package config

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/gce"
)

// TestDriverWithModule: a driver that says how nodes are made drives its
// providers, with its own module or the operator's.
func TestDriverWithModule(t *testing.T) {
	d := gce.Driver
	d.Shipped = fstest.MapFS{"main.tf": {}}
	d.Spec = func(o driver.Options, pool, label string) (*modules.Spec, error) {
		p := o.(*gce.Provider).Pools.List[0]
		l, ok := p.Labels.Get(label)
		if !ok || p.Name != pool || l.CloudImage == nil {
			t.Errorf("asked for label %s of pool %s", label, pool)
		}
		if l.VolumeSize > 100 {
			return nil, errors.New("the disk is too large")
		}
		return &modules.Spec{}, nil
	}
	with := func(d driver.Driver) {
		before := drivers["gce"]
		drivers["gce"] = d
		t.Cleanup(func() { drivers["gce"] = before })
	}
	with(d)
	file := func(options, label string) string {
		return `
labels: [{name: a}]
providers:
  - {name: g, driver: gce, project: p, region: r, zone: z, boot-timeout: 150, ` + options + `
     cloud-images: [{name: i, image-id: x, username: ci}],
     pools: [{name: main, max-servers: 3, priority: 7, use-internal-ip: true, node-attributes: {a: b}, labels: [{name: a, cloud-image: i, instance-type: t` + label + `}]}]}
`
	}
	cfg := load(t, file("max-concurrent-applies: 2,", ""))
	p := cfg.Provider("g")
	l := p.Pool("main").Labels["a"]
	if len(cfg.Undriven) != 0 || l.Spec.Module.Source != "gce" || l.Spec.Module.Shipped == nil {
		t.Errorf("module %+v", l.Spec.Module)
	}
	same(t, "provider", []any{2, 3, "2m30s"}, []any{p.MaxConcurrentApplies, p.LaunchRetries, p.BootTimeout.String()})
	same(t, "label", []any{"ci", "auto", "ssh", 22, true, 1.0}, []any{l.Username, l.PythonPath, l.ConnectionType, l.ConnectionPort, l.HostKeyChecking, l.Resources["instances"]})
	same(t, "pool", []any{7, 3.0, true, `{"a":"b"}`}, []any{l.Pool.Priority, l.Pool.Limits["instances"], l.Pool.UseInternalIP, string(l.Pool.NodeAttributes)})

	cfg = load(t, file("module: {source: a/b/c, version: \"1.0\"},", ""))
	if m := cfg.Provider("g").Pool("main").Labels["a"].Spec.Module; m.Source != "a/b/c" || m.Shipped != nil {
		t.Errorf("the operator's module %+v", m)
	}
	path := t.TempDir() + "/nodepool.yaml"
	write(t, path, []byte(file("", ", volume-size: 200")))
	if _, issues, err := Load(path, "", nil); err == nil || issues[len(issues)-1].Code != "E-SPEC" && issues[0].Code != "E-SPEC" {
		t.Errorf("%v %s", err, lines(issues))
	}
}

// TestNoAttempts: 0 is one attempt, and none in the kubernetes family, which is told.
func TestNoAttempts(t *testing.T) {
	for driver, want := range map[string]int{
		"gce, project: p, region: r, zone: z":      1,
		"terraform, module: {source: ./somewhere}": 1,
		"kubernetes": 0,
	} {
		text := "labels: [{name: a}]\nproviders: [{name: p, driver: " + driver + ", launch-retries: 0, pools: []}]\n"
		path := t.TempDir() + "/nodepool.yaml"
		write(t, path, []byte(text))
		cfg, issues, err := Load(path, "", nil)
		if err != nil {
			t.Errorf("%s: %v", driver, err)
			continue
		}
		if got := cfg.Provider("p").LaunchRetries; got != want || strings.Contains(lines(issues), "W-K8S-RETRIES") != (want == 0) {
			t.Errorf("%s: %d attempts, %s", driver, got, lines(issues))
		}
	}
}

// TestDriverExtensions: what is ours lies over what a driver says, key by key where it has keys.
func TestDriverExtensions(t *testing.T) {
	cfg := load(t, `
labels: [{name: a}]
providers:
  - name: o
    driver: openstack
    cloud: north
    region-name: R1
    required-providers: {openstack: {version: "3.4.0"}, null: hashicorp/null}
    provider-config: {openstack: {max_retries: 3}}
    outputs: {az: '"z"'}
    cloud-images: [{name: i, image-id: x, username: ci}]
    pools:
      - name: main
        labels:
          - name: a
            cloud-image: i
            flavor-name: f
            inputs: {volume_size: 7, name: "ci-${node.id}"}
            alternatives: [{inputs: {flavor_id: other}}, {module: {source: a/b/c, version: "1"}}]
`)
	l := cfg.Provider("o").Pool("main").Labels["a"]
	s := l.Spec
	same(t, "required", map[string]modules.RequiredProvider{
		"openstack": {Source: "terraform-provider-openstack/openstack", Version: "3.4.0"}, "null": {Source: "hashicorp/null"},
	}, s.RequiredProviders)
	same(t, "provider", map[string]any{"openstack": map[string]any{"cloud": "north", "region": "R1", "max_retries": int64(3)}}, s.ProviderConfig)
	same(t, "outputs", `"z"`, s.Outputs["az"].String())
	same(t, "image", "x", l.Image.ImageID)
	node := modules.NodeVars{ID: "0000000001", Given: map[string]any{"flavor_id": "own"}}
	var got []string
	for i := range l.Choices() {
		v, err := l.Choice(i).EvalInputs(node)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v["flavor_id"].AsString()+" "+v["name"].AsString()+" "+v["volume_size"].AsBigFloat().String()+" "+l.Choice(i).Module.Source)
	}
	same(t, "choices", []string{"own ci-0000000001 7 openstack", "other ci-0000000001 7 openstack", "own ci-0000000001 7 a/b/c"}, got)
	same(t, "shared", map[string]any{"cloud": "north", "region": "R1", "max_retries": int64(3)}, l.Choice(2).ProviderConfig["openstack"].(map[string]any))

	path := t.TempDir() + "/nodepool.yaml"
	write(t, path, []byte(`
labels: [{name: a}]
providers: [{name: o, driver: openstack, cloud: c, cloud-images: [{name: i}], pools: [{name: main, labels: [{name: a, cloud-image: i, flavor-name: f, alternatives: [{input: {}}]}]}]}]
`))
	if _, issues, err := Load(path, "", nil); err == nil || !HasErrors(issues) {
		t.Errorf("a misspelt alternative is let through: %s", lines(issues))
	}
}
