package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSamples loads every sample of config-reference.md (c). Each must load, and
// all there is to say is which providers are not driven yet.
func TestSamples(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testdata, "samples", "sample-*.yaml"))
	if err != nil || len(paths) != 11 {
		t.Fatalf("expected 11 samples, found %d (%v)", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			cfg, issues, err := Load(path, "", []string{"NODEPOOL_WEB_PORT=8006"})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range issues {
				if !expected(path, i) {
					t.Errorf("unexpected: %s", i)
				}
			}
			if len(cfg.Undriven)+len(cfg.Providers) == 0 {
				t.Error("no providers")
			}
			for _, p := range append(cfg.Undriven, cfg.Providers...) {
				for _, pool := range p.Pools {
					if len(pool.LabelNames) == 0 {
						t.Errorf("pool %s of %s has no labels", pool.Name, p.Name)
					}
				}
			}
			for _, i := range Validate(path, "", []string{"NODEPOOL_WEB_PORT=8006"}) {
				// The TLS files of the samples are not on this machine.
				if i.Severity == Error || !expected(path, i) && i.Code != "E-ZK" {
					t.Errorf("Validate: %s %s", i.Severity, i)
				}
			}
		})
	}
}

// expected tells what may be said about a sample: that its driver is not there
// yet, and that a fleet of aws ignores what its pool says about addresses.
func expected(path string, i Issue) bool {
	fleet := strings.HasSuffix(path, "sample-aws.yaml") && i.Code == "W-AWS-FLEET" && strings.Contains(i.Path, "pools[0].public-ipv")
	return i.Code == "W-NOT-DRIVEN" || fleet
}

// TestSampleSecure lays the sample secure file over the sample it belongs to.
func TestSampleSecure(t *testing.T) {
	dir := filepath.Join(testdata, "samples")
	cfg, _, err := Load(filepath.Join(dir, "sample-openstack.yaml"), filepath.Join(dir, "sample-secure.conf"),
		[]string{"NODEPOOL_REGISTRY_PASSWORD=sesame-open"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(cfg.ZooKeeper.Addresses(), ","); got != "zk-a.internal.example.net:2281,zk-b.internal.example.net:2281" {
		t.Errorf("servers %s", got)
	}
	if got := *cfg.ZooKeeper.TLS; got != (TLSFiles{"/run/secrets/zk.crt", "/run/secrets/zk.key", "/etc/ci/zk/ca.pem"}) {
		t.Errorf("TLS %+v", got)
	}
	vars := cfg.DiskImages["bookworm"].EnvVars
	if vars["REGISTRY_PASSWORD"] != "sesame-open" || vars["DIB_CHECKSUM"] != "1" || vars["TMPDIR"] != "/srv/ci/tmp" {
		t.Errorf("env-vars %v", vars)
	}
}

// TestSampleStatic loads machines with all their options, and with none.
func TestSampleStatic(t *testing.T) {
	cfg, _, err := Load(filepath.Join(testdata, "samples", "sample-static.yaml"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := cfg.Provider("rack-7")
	bench := p.Pool("bench")
	if !p.Static() || string(bench.NodeAttributes) != `{"rack":"7"}` || strings.Join(bench.LabelNames, " ") != "bench bench-arm" {
		t.Fatalf("%+v", bench)
	}
	if bench.Labels["bench"].Slots != 5 || bench.Labels["bench-arm"].Slots != 4 || bench.Labels["bench"].Resources["instances"] != 1 {
		t.Errorf("%+v %+v", bench.Labels["bench"], bench.Labels["bench-arm"])
	}
	want := []StaticNode{
		{
			Name: "bench01.ci.example.net", Labels: []string{"bench", "bench-arm"}, Username: "bench", Timeout: 15 * time.Second, HostKeyChecking: true,
			HostKeys: []string{"ssh-ed25519 AAAAexamplehostkey"}, ConnectionType: "ssh", PythonPath: "/usr/bin/python3", ConnectionPort: 2222, MaxParallelJobs: 4,
		},
		{Name: "192.0.2.40", Labels: []string{"bench"}, Username: "zuul", Timeout: 5 * time.Second, ConnectionType: "ssh", PythonPath: "auto", ConnectionPort: 22, MaxParallelJobs: 1},
		{
			Name: "win01.ci.example.net", Labels: []string{"win-static"}, Username: "zuul", Timeout: 5 * time.Second, HostKeyChecking: true,
			ConnectionType: "winrm", ShellType: "powershell", PythonPath: "auto", ConnectionPort: 5986, MaxParallelJobs: 1,
		},
		{
			Name: "sw01.ci.example.net", Labels: []string{"switch"}, Username: "netops", Timeout: 5 * time.Second, HostKeyChecking: true,
			ConnectionType: "network_cli", PythonPath: "auto", ConnectionPort: 22, MaxParallelJobs: 1,
		},
	}
	var got []StaticNode
	for _, pool := range p.Pools {
		for _, n := range pool.StaticNodes {
			n := *n
			n.Pool = nil
			got = append(got, n)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSampleTerraform loads the sample of design.md without a word.
func TestSampleTerraform(t *testing.T) {
	path := filepath.Join(testdata, "samples", "terraform.yaml")
	env := []string{"NODEPOOL_HCLOUD_TOKEN=tops3cret"}
	cfg, issues, err := Load(path, "", env)
	if err != nil || len(issues) != 1 || issues[0].Code != "W-ZK-PLAIN" {
		t.Fatal(err, issues)
	}
	p := cfg.Provider("hetzner")
	label := p.Pool("main").Labels["small"]
	if dir, ok := label.Spec.Module.Local(); !ok || !strings.HasSuffix(dir, "/testdata/config/samples/modules/server") {
		t.Errorf("module %q %v", dir, ok)
	}
	if got := label.Spec.RequiredProviders["hcloud"]; got.Source != "hetznercloud/hcloud" || got.Version != "~> 1.48" {
		t.Errorf("required provider %+v", got)
	}
	if token := label.Spec.ProviderConfig["hcloud"].(map[string]any)["token"]; token != "tops3cret" {
		t.Error("the token did not arrive")
	}
	if len(label.Spec.Inputs) != 3 || label.Spec.Outputs["interface_ip"].String() != "output.ipv4" {
		t.Errorf("inputs %d outputs %v", len(label.Spec.Inputs), label.Spec.Outputs)
	}
	if HasErrors(Validate(path, "", env)) {
		t.Error(Validate(path, "", env))
	}
}
