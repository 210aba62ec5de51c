//go:build gce

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/gce"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// googleProviderEnv is what `make test-gce` needs: the path of the real terraform-provider-google. What it talks to is
// testdata/gce.
const googleProviderEnv = "NODEPOOL_TF_GOOGLE_PROVIDER"

const gceConfig = `
labels: [{name: debian}, {name: hardened}, {name: lost}]
providers:
  - name: belgium
    driver: gce
    project: acme
    region: europe-west1
    zone: europe-west1-c
    rate: 100
    launch-retries: 2
    launch-timeout: 300
    provider-config: {google: {poll_interval: 1s}}
    cloud-images:
      - {name: debian, image-project: debian-cloud, image-family: debian-12, username: ci, key: ssh-ed25519 AAAA ci}
      - {name: hardened, image-id: projects/acme/global/images/hardened-2025-06, username: ops}
      - {name: gone, image-project: debian-cloud, image-family: debian-10, username: ci}
    pools:
      - name: main
        max-servers: 10
        host-key-checking: false
        labels:
          - {name: debian, cloud-image: debian, instance-type: e2-standard-4, volume-type: pd-ssd, volume-size: 40}
          - {name: hardened, cloud-image: hardened, instance-type: n2-standard-2, inputs: {subnetwork: ci}}
          - {name: lost, cloud-image: gone, instance-type: e2-small}
`

// gceRig is a rig on a simulated Compute Engine, with the real provider between.
type gceRig struct {
	*testRig
	cloud *gce.Cloud
	key   string // file of the account's key
}

func newGCE(t *testing.T, s gce.Settings, change ...func(*rig.Options)) *gceRig {
	t.Helper()
	provider := os.Getenv(googleProviderEnv)
	if provider == "" {
		t.Fatalf("set %s to the program terraform-provider-google: docs/gce.md", googleProviderEnv)
	}
	if s.Project == "" {
		s.Project = "acme"
	}
	c, err := gce.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	g := &gceRig{cloud: c, key: filepath.Join(t.TempDir(), "key.json")}
	if err := c.WriteKey(g.key); err != nil {
		t.Fatal(err)
	}
	mirror := googleMirror(t, provider)
	g.testRig = newRig(t, gceConfig, append(change, func(o *rig.Options) {
		o.Env = append(o.Env, append(c.Env(g.key), "TF_CLI_CONFIG_FILE="+mirror)...)
	})...)
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	g.ctx = ctx
	t.Cleanup(cancel)
	return g
}

// googleMirror installs the provider from a file.
func googleMirror(t *testing.T, provider string) (cliConfig string) {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "registry.terraform.io/hashicorp/google/7.99.0", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(provider, filepath.Join(folder, "terraform-provider-google_v7.99.0")); err != nil {
		t.Fatal(err)
	}
	cliConfig = filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)
	if err := os.WriteFile(cliConfig, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return cliConfig
}

// gone waits until neither ZooKeeper nor the cloud has anything left.
func (g *gceRig) gone() {
	g.t.Helper()
	g.empty()
	if left := g.cloud.Instances(); len(left) > 0 {
		g.t.Errorf("left in the cloud: %+v", left)
	}
}

// TestGCE is a node's life, with every option that reaches the cloud.
func TestGCE(t *testing.T) {
	g := newGCE(t, gce.Settings{CPUs: 24, Delay: 2 * time.Second})
	g.start()
	began := time.Now()
	req := g.wait(g.submit("debian"), record.RequestFulfilled)
	t.Logf("one node: ready after %s", time.Since(began).Round(time.Millisecond))
	n := g.Nodes()[req.Nodes[0]]
	there := g.cloud.Instances()["np"+n.ID]
	for key, want := range map[string]string{
		"nodepool_node_id": n.ID, "nodepool_pool_name": "main", "nodepool_provider_name": "belgium", "nodepool_tf_request": req.ID, "ssh-keys": "ci:ssh-ed25519 AAAA ci",
	} {
		if got := there.Metadata[key]; got != want {
			t.Errorf("metadata %s is %q, want %q", key, got, want)
		}
	}
	there.Metadata = nil
	want := gce.Instance{
		Name: "np" + n.ID, Zone: "europe-west1-c", MachineType: "e2-standard-4", Image: "projects/debian-cloud/global/images/debian-12-bookworm-v20260401",
		DiskType: "pd-ssd", DiskSize: 40, Subnetwork: "default", Status: "RUNNING", PublicIPv4: n.PublicIPv4, PrivateIPv4: n.PrivateIPv4,
	}
	if d := cmp.Diff(want, there); d != "" {
		t.Error(d)
	}
	if string(n.ExternalID) != `"np`+n.ID+`"` || n.InterfaceIP != n.PublicIPv4 || n.PublicIPv4 == "" || n.Cloud != "Google" || n.Region != "europe-west1" || n.AZ != "europe-west1-c" || n.Username != "ci" {
		t.Errorf("record %s", n.Encode())
	}
	if n.Resources["cores"] != 4 || n.Resources["ram"] != 16384 || n.Resources["instances"] != 1 {
		t.Errorf("resources %v", n.Resources)
	}
	began = time.Now()
	two := g.wait(g.submit("hardened", "debian"), record.RequestFulfilled)
	t.Logf("two nodes: ready after %s", time.Since(began).Round(time.Millisecond))
	if i := g.cloud.Instances()["np"+two.Nodes[0]]; i.Image != "projects/acme/global/images/hardened-2025-06" || i.DiskSize != 10 || i.DiskType != "pd-standard" || i.Subnetwork != "ci" || i.Metadata["ssh-keys"] != "" {
		t.Errorf("%+v", i)
	}
	g.wait(g.submit("lost"), record.RequestFailed)
	g.logged("no family debian-10 in project debian-cloud")
	out, err := g.Command(g.ctx, "info", "belgium").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "cores") {
		t.Errorf("info: %v\n%s", err, out)
	}
	began = time.Now()
	g.use(req)
	g.use(two)
	g.gone()
	t.Logf("three nodes: gone %s after use", time.Since(began).Round(time.Millisecond))
	if made := g.cloud.Created(); made != 3 {
		t.Errorf("%d instances were made", made)
	}
	g.stop()
}

// TestGCERefused: what the cloud has no capacity for is tried again, and counted; what it has no quota for is not counted
// and waits; neither leaves anything behind.
func TestGCERefused(t *testing.T) {
	for why, class := range map[gce.Refusal]string{gce.NoCapacity: "class=capacity", gce.NoQuota: "class=quota"} {
		t.Run(string(why), func(t *testing.T) {
			g := newGCE(t, gce.Settings{})
			g.cloud.Refuse(why, 1)
			g.start()
			began := time.Now()
			g.use(g.wait(g.submit("debian"), record.RequestFulfilled))
			t.Logf("ready and used after %s", time.Since(began).Round(time.Millisecond))
			g.logged(class)
			g.gone()
			g.stop()
		})
	}
}

// TestGCEQuota: the region's quotas are kept to. What is never granted is declined, what is not granted now waits, and
// nothing is asked for in vain; what others have counts.
func TestGCEQuota(t *testing.T) {
	g := newGCE(t, gce.Settings{CPUs: 8})
	g.cloud.Add("somebody-elses", "europe-west1-c", "n2-standard-2", nil)
	g.start()
	first := g.wait(g.submit("debian"), record.RequestFulfilled)
	second := g.submit("debian")
	g.wait(g.submit("debian", "debian", "debian"), record.RequestFailed)
	g.logged("it needs more cores than the cloud grants provider belgium: 12 of 6")
	g.eventually("it waits", func() bool { r := g.Request(second); return r != nil && r.State == record.RequestPending })
	g.use(first)
	g.use(g.wait(second, record.RequestFulfilled))
	g.empty()
	if left := g.cloud.Instances(); len(left) != 1 || g.cloud.Created() != 2 {
		t.Errorf("%d made, left %+v", g.cloud.Created(), left)
	}
	if strings.Contains(g.Log(), "class=quota") {
		t.Error("the cloud was asked for what it does not grant")
	}
	g.stop()
}

// TestGCELetIn: a key that is refused is told once, and a good one in its file is used without a restart.
func TestGCELetIn(t *testing.T) {
	g := newGCE(t, gce.Settings{})
	if err := g.cloud.NewKey(); err != nil {
		t.Fatal(err)
	}
	g.start()
	g.logged("the cloud refuses the launcher")
	g.wait(g.submit("debian"), record.RequestFailed)
	if err := g.cloud.WriteKey(g.key); err != nil {
		t.Fatal(err)
	}
	g.logged("the cloud answers again")
	g.use(g.wait(g.submit("debian"), record.RequestFulfilled))
	g.gone()
	if n := strings.Count(g.Log(), "the cloud refuses the launcher;"); n != 1 {
		t.Errorf("told %d times", n)
	}
	if err := g.cloud.NewKey(); err != nil { // between two rounds of questions: Terraform is refused
		t.Fatal(err)
	}
	g.wait(g.submit("debian"), record.RequestFailed)
	g.logged("label is stopped")
	if !strings.Contains(g.Log(), "class=auth") {
		t.Error("what Terraform says of a refused key is no matter of credentials")
	}
	g.stop()
}

// TestGCELeak: an instance whose launch was broken off is in no state, and does not stand in the way of the next attempt;
// it is removed by the provider, as is one of a node that nobody knows. One without marks stays.
func TestGCELeak(t *testing.T) {
	g := newGCE(t, gce.Settings{Delay: time.Hour}, func(o *rig.Options) {
		o.Terraform = "list-interval: 4"
		o.Config = strings.NewReplacer("rate: 100\n", "rate: 100\n    clean-leaked: true\n", "launch-timeout: 300", "launch-timeout: 20").Replace(o.Config)
	})
	g.start()
	id := g.submit("hardened")
	g.eventually("an instance is begun", func() bool { return g.cloud.Created() == 1 })
	g.cloud.Slow(0)
	req := g.wait(id, record.RequestFulfilled)
	n := g.Nodes()[req.Nodes[0]]
	if string(n.ExternalID) != `"np`+n.ID+`-2"` {
		t.Errorf("the second attempt made %s", n.ExternalID)
	}
	g.logged("class=timeout")
	marks := g.cloud.Instances()["np"+n.ID+"-2"].Metadata
	marks["nodepool_node_id"] = "0000009999"
	g.cloud.Add("np0000009999", "europe-west1-c", "e2-small", marks)
	g.cloud.Add("web", "europe-west1-c", "e2-small", map[string]string{"owner": "me"})
	g.use(req)
	g.empty()
	g.eventually("what leaked is removed", func() bool { return len(g.cloud.Instances()) == 1 })
	if left := g.cloud.Instances(); len(left) != 1 || left["web"].Name == "" {
		t.Errorf("left %+v", left)
	}
	g.stop()
}

// TestGCESample: plan tells what becomes of the sample configuration, and the node that it keeps ready is made.
func TestGCESample(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(rig.Root(), "testdata/config/samples/sample-gce.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(data), "labels:") // before it, the ZooKeeper of the sample
	g := newGCE(t, gce.Settings{Project: "ci-project-4711"}, func(o *rig.Options) {
		o.Config = "labels:" + strings.Replace(sample, "use-internal-ip: true", "host-key-checking: false\n        use-internal-ip: true", 1)
	})
	g.connect()
	out, err := g.Command(g.ctx, "plan").CombinedOutput()
	if err != nil {
		t.Errorf("plan: %v", err)
	}
	for _, want := range []string{"min-ready of label debian-gce", "2 to add, 0 to change, 0 to destroy", ".google_compute_instance.node"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing", want)
		}
	}
	t.Logf("%s", out)
	g.start()
	g.eventually("a node is ready", func() bool {
		for _, n := range g.Nodes() {
			if n.State == record.NodeReady && n.InterfaceIP == n.PrivateIPv4 && n.PrivateIPv4 != "" {
				return true
			}
		}
		return false
	})
	g.stop()
}
