package config

import (
	"path/filepath"
	"strings"
	"testing"
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
			if len(cfg.Undriven) == 0 || len(cfg.Providers) != 0 {
				t.Errorf("%d undriven, %d driven providers", len(cfg.Undriven), len(cfg.Providers))
			}
			for _, p := range cfg.Undriven {
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
