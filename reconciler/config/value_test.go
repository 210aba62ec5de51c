package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// load writes a main file and loads it; the test ends when that fails.
func load(t *testing.T, yaml string) *Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nodepool.yaml")
	write(t, path, []byte(yaml))
	cfg, issues, err := Load(path, "", nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, lines(issues))
	}
	return cfg
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestDefaults(t *testing.T) {
	cfg := load(t, `
labels: [{name: a}]
providers:
  - {name: p, driver: terraform, module: {source: a/b/c}, pools: [{name: main, labels: [{name: a}]}]}
`)
	same(t, "webapp", WebApp{Port: 8005, ListenAddress: "0.0.0.0"}, cfg.WebApp)
	same(t, "terraform", Terraform{
		StateDir:             "/var/lib/nodepool-tf",
		MaxConcurrentApplies: 8, MaxApplyMemory: HalfOfMemory, WarmPlugins: true,
		ListInterval: 5 * time.Minute, RefreshInterval: 6 * time.Hour,
	}, cfg.Terraform)
	same(t, "zookeeper", ZooKeeper{Timeout: 10 * time.Second}, cfg.ZooKeeper)
	same(t, "build logs", []any{"/var/log/nodepool/builds", 7}, []any{cfg.BuildLogDir, cfg.BuildLogRetention})
	p := cfg.Provider("p")
	same(t, "provider", []any{100, -1, 3, time.Hour, time.Minute, 0},
		[]any{p.Priority, p.MaxConcurrency, p.LaunchRetries, p.LaunchTimeout, p.BootTimeout, p.MaxConcurrentApplies})
	pool := p.Pool("main")
	same(t, "pool", []any{100, map[string]float64{}, false, true},
		[]any{pool.Priority, pool.Limits, pool.UseInternalIP, pool.MaxServers == nil && pool.NodeAttributes == nil})
	l := pool.Labels["a"]
	same(t, "label", []any{"", "auto", "", "ssh", 22, true, map[string]float64{"instances": 1}},
		[]any{l.Username, l.PythonPath, l.ShellType, l.ConnectionType, l.ConnectionPort, l.HostKeyChecking, l.Resources})
	if cfg.Provider("q") != nil || p.Pool("q") != nil {
		t.Error("found what is not there")
	}
}

func TestPoolValues(t *testing.T) {
	cfg := load(t, `
labels: [{name: a, min-ready: -1, max-ready-age: 600}]
max-hold-age: -5
tenant-resource-limits: [{tenant-name: t, max-servers: 1, max-volume-gb: 2, L-1: 3}]
providers:
  - name: p
    driver: terraform
    priority: 50
    max-concurrency: 0
    module: {source: a/b/c}
    pools:
      - {name: one, max-servers: 0, max-cores: 8, max-resources: {instances: 9, gpu: 1.5}, node-attributes: {b: <&>, a: [1, true]}}
      - {name: two, priority: 7, host-key-checking: false, labels: [{name: a}]}
`)
	p := cfg.Provider("p")
	one, two := p.Pool("one"), p.Pool("two")
	same(t, "limits", map[string]float64{"instances": 0, "cores": 8, "gpu": 1.5}, one.Limits)
	same(t, "max-servers", 0, *one.MaxServers)
	same(t, "attributes", `{"a":[1,true],"b":"<&>"}`, string(one.NodeAttributes))
	same(t, "priorities", []int{50, 7}, []int{one.Priority, two.Priority})
	same(t, "host-key-checking", false, two.Labels["a"].HostKeyChecking)
	same(t, "concurrency", -1, p.MaxConcurrency)
	same(t, "label", Label{Name: "a", MaxReadyAge: 10 * time.Minute}, *cfg.Labels["a"])
	same(t, "hold age", time.Duration(0), cfg.MaxHoldAge)
	same(t, "tenants", map[string]map[string]float64{"t": {"instances": 1, "volume-gb": 2, "L-1": 3}}, cfg.TenantLimits)
}

// TestImageOntoLabel: label, else image, else global image, else default.
func TestImageOntoLabel(t *testing.T) {
	cfg := load(t, `
labels: [{name: win}, {name: own}, {name: disk}, {name: named}]
diskimages: [{name: img, username: ci, shell-type: fish}]
providers:
  - name: p
    driver: terraform
    module: {source: a/b/c}
    cloud-images:
      - {name: win, image-id: id-1, connection-type: winrm, username: Administrator}
      - {name: named, image-name: by-name}
      - {name: plain}
    diskimages: [{name: img, python-path: /py}]
    pools:
      - name: main
        labels:
          - {name: win, cloud-image: win}
          - {name: own, cloud-image: win, connection-type: ssh, username: me, connection-port: 2222}
          - {name: disk, diskimage: img}
          - {name: named, cloud-image: named}
`)
	type login struct {
		User, Python, Shell, Type string
		Port                      int
		ImageID                   string
	}
	for name, want := range map[string]login{
		"win":   {"Administrator", "auto", "", "winrm", 5986, "id-1"},
		"own":   {"me", "auto", "", "ssh", 2222, "id-1"},
		"disk":  {"ci", "/py", "fish", "ssh", 22, ""},
		"named": {"", "auto", "", "ssh", 22, "by-name"},
	} {
		l := cfg.Provider("p").Pool("main").Labels[name]
		same(t, name, want, login{l.Username, l.PythonPath, l.ShellType, l.ConnectionType, l.ConnectionPort, l.Image.ImageID})
	}
	same(t, "plain", "plain", cfg.Provider("p").CloudImages["plain"].ImageID)
}

// TestModuleAndOutputs: a label's own replace the provider's as a whole.
func TestModuleAndOutputs(t *testing.T) {
	cfg := load(t, `
labels: [{name: a}, {name: b}]
providers:
  - name: p
    driver: terraform
    module: {source: a/b/c, version: "~> 1.0"}
    outputs: {az: output.zone, region: '"eu"'}
    pools:
      - name: main
        labels: [{name: a}, {name: b, module: {source: d/e/f}, outputs: {az: output.az}}]
`)
	labels := cfg.Provider("p").Pool("main").Labels
	a, b := labels["a"].Spec, labels["b"].Spec
	same(t, "modules", []string{"a/b/c", "~> 1.0", "d/e/f", ""}, []string{a.Module.Source, a.Module.Version, b.Module.Source, b.Module.Version})
	same(t, "base", filepath.Dir(cfg.File), a.Module.Base)
	same(t, "outputs", []int{2, 1}, []int{len(a.Outputs), len(b.Outputs)})
}

// TestInheritance is config-reference A2.
func TestInheritance(t *testing.T) {
	cfg := load(t, `
diskimages:
  - {name: base, abstract: true, elements: [vm], env-vars: {A: '1', B: '1'}, formats: [raw], delete-after-upload: true, pause: true, rebuild-age: 60, metadata: {m: 1}, username: ci}
  - {name: mid, parent: base, elements: [vm, x], env-vars: {B: '2'}, formats: [], pause: false, rebuild-age: 0, metadata: {k: 5}, release: 12}
  - {name: leaf, parent: mid, delete-after-upload: false, release: 22.10, metadata: {l: true}}
`)
	if cfg.DiskImages["base"] != nil {
		t.Error("an abstract image is there")
	}
	same(t, "leaf", DiskImage{
		Name: "leaf", Parent: "mid", DibCmd: "disk-image-create", Elements: []string{"vm", "vm", "x"},
		EnvVars: map[string]string{"A": "1", "B": "2"}, Formats: []string{"raw"}, Pause: true,
		RebuildAge: time.Minute, BuildTimeout: 8 * time.Hour, Release: "22.1",
		Username: "ci", PythonPath: "auto", Metadata: map[string]string{"l": "True"},
	}, *cfg.DiskImages["leaf"])
	same(t, "mid", map[string]string{"k": "5"}, cfg.DiskImages["mid"].Metadata)
}

func TestChroot(t *testing.T) {
	for _, c := range []struct {
		chroots, want string
		bad           bool
	}{
		{",,", "", false}, {"/a,/a,/a", "/a", false}, {",,/a", "/a", false}, {"/a/b/", "/a/b", false},
		{"/a,,", "", true}, {"/a,/b,/b", "", true}, {",/a,/a", "", true}, {"a", "", true}, {"/a//b", "", true}, {"/..", "", true},
	} {
		var z ZooKeeper
		for chroot := range strings.SplitSeq(c.chroots, ",") {
			z.Servers = append(z.Servers, Server{Host: "::1", Port: 1, Chroot: chroot})
		}
		got, err := z.ChrootPath()
		if got != c.want || (err != nil) != c.bad || (z.Check() != nil) != c.bad {
			t.Errorf("%s: %q %v", c.chroots, got, err)
		}
	}
	z := ZooKeeper{Servers: []Server{{Host: "::1", Port: 1}, {Host: "[::2]", Port: 2}, {Host: "a", Port: 3}}}
	same(t, "addresses", []string{"[::1]:1", "[::2]:2", "a:3"}, z.Addresses())
}

func TestCheck(t *testing.T) {
	servers := []Server{{Host: "a", Port: 1}}
	for want, z := range map[string]ZooKeeper{
		"no server": {},
		"key":       {Servers: servers, TLS: &TLSFiles{Cert: "a", CA: "b"}},
		"read":      {Servers: servers, TLS: &TLSFiles{Cert: "/no/such", Key: "/no/such", CA: "/no/such"}},
	} {
		if err := z.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestHash(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, []byte(text))
		return path
	}
	hash := func(main, secure string, env ...string) string {
		path := ""
		if secure != "-" {
			path = file("secure", secure)
		}
		cfg, _, err := Load(file("main", main), path, env)
		if err != nil {
			t.Fatal(err)
		}
		return cfg.Hash
	}
	base := hash("labels: []", "-")
	same(t, "same text", base, hash("labels: []", "-"))
	same(t, "other variable", base, hash("labels: []", "-", "NODEPOOL_X=1"))
	for name, other := range map[string]string{
		"text":     hash("labels: [] ", "-"),
		"secure":   hash("labels: []", "{}"),
		"variable": hash("labels: [] #%(NODEPOOL_X)", "-", "NODEPOOL_X=1"),
		"value":    hash("labels: [] #%(NODEPOOL_X)", "-", "NODEPOOL_X=2"),
	} {
		if other == base {
			t.Errorf("%s does not change the hash", name)
		}
	}
	if hash("labels: [] #%(NODEPOOL_X)", "-", "NODEPOOL_X=1") == hash("labels: [] #%(NODEPOOL_X)", "-", "NODEPOOL_X=2") {
		t.Error("the hash is taken before substitution")
	}
	if hash("a: b\n", "c: d\n") == hash("a: b\nc: d\n", "") {
		t.Error("text moved between files keeps the hash")
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big")
	write(t, big, []byte("a: \""+strings.Repeat("x", 10<<20)+"\""))
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "cannot read the file: no such file or directory",
		dir:                        "cannot read the file: it is a directory",
		big:                        "larger than 4 MiB",
	} {
		cfg, _, err := Load(path, "", nil)
		if cfg != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
		if !HasErrors(Validate(path, "", nil)) {
			t.Errorf("%s validates", path)
		}
	}
	main := filepath.Join(dir, "main")
	write(t, main, []byte("labels: []\n"))
	if _, _, err := Load(main, filepath.Join(dir, "none"), nil); err == nil {
		t.Error("a missing secure file loads")
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "unlimited": 0, "1073741824": 1 << 30, `"1073741824"`: 1 << 30, "512MiB": 512 << 20, "2 GiB": 2 << 30, "1.5GiB": 3 << 29, "1TiB": 1 << 40, "80000KiB": 80000 << 10,
		"200MB": 200e6, "3GB": 3e9, "70000000B": 70e6, "64MiB": 64 << 20,
	} {
		cfg := load(t, `
labels: [{name: a}]
providers: [{name: p, driver: terraform, max-apply-memory: `+text+`, module: {source: a/b/c}, pools: [{name: main, labels: [{name: a}]}]}]
terraform: {max-apply-memory: `+text+`}`)
		same(t, text, []int64{want, want}, []int64{cfg.Terraform.MaxApplyMemory, cfg.Provider("p").MaxApplyMemory})
	}
	for _, text := range []string{"", "-1", "-1GiB", "512M", "1e9", "GiB", "9999999TiB", "1.GiB", "unlimitted", "1 2", "0x10", "NaN"} {
		if n, ok := parseSize(text); ok {
			t.Errorf("%q is %d", text, n)
		}
	}
}

func TestUpkeepOptions(t *testing.T) {
	cfg := load(t, `
labels: [{name: a}]
terraform: {list-interval: 0, refresh-interval: 90}
providers:
  - {name: p, driver: terraform, clean-leaked: true, module: {source: a/b/c}, pools: [{name: main, labels: [{name: a}]}]}
  - {name: q, driver: terraform, module: {source: a/b/c}, pools: [{name: main, labels: [{name: a}]}]}
`)
	same(t, "intervals", []time.Duration{0, 90 * time.Second}, []time.Duration{cfg.Terraform.ListInterval, cfg.Terraform.RefreshInterval})
	same(t, "clean-leaked", []bool{true, false}, []bool{cfg.Provider("p").CleanLeaked, cfg.Provider("q").CleanLeaked})
}
