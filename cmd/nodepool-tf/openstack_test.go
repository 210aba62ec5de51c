//go:build openstack

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/quotasets"
	nova "github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// What `make test-openstack` needs: a real OpenStack whose books are empty, with the names of the lab that docs/openstack.md
// describes, and the real Terraform provider. No guest has to answer.
const (
	labCloud    = "oslab"                          // an entry of clouds.yaml (OS_CLIENT_CONFIG_FILE)
	labAdmin    = "oslab-admin"                    // another one, which may set quotas
	providerEnv = "NODEPOOL_TF_OPENSTACK_PROVIDER" // path of terraform-provider-openstack
	passwordIn  = "password: oslab"                // of labCloud
)

const labConfig = `
labels: [{name: plain}, {name: floating}, {name: big}, {name: lost}]
providers:
  - name: lab
    driver: openstack
    cloud: oslab
    rate: 0
    launch-retries: 2
    launch-timeout: 300
    cloud-images:
      - {name: base, image-name: ci-image, username: ci, config-drive: true}
      - {name: nowhere, image-name: not-there}
    pools:
      - name: main
        max-servers: 10
        host-key-checking: false
        networks: [public]
        labels:
          - name: plain
            cloud-image: base
            min-ram: 200
            flavor-name: m1
            key-name: nodepool
            userdata: "#cloud-config\n"
            instance-properties: {purpose: ci, groups: mine, nodepool_node_id: forged}
            dynamic-instance-properties: {for: "{request.tenant_name}", bad: "{request.nothing}"}
          - {name: floating, cloud-image: base, flavor-name: m1.tiny, networks: [ci-net]}
          - {name: big, cloud-image: base, flavor-name: m1.large}
          - {name: lost, cloud-image: nowhere, flavor-name: m1.tiny}
`

// lab is a rig on the real cloud.
type lab struct {
	*testRig
	compute, network, admin *gophercloud.ServiceClient
	project                 string
	cloudsFile              string // a copy, which tests change
}

func newLab(t *testing.T, text string, change ...func(*rig.Options)) *lab {
	t.Helper()
	file, provider := os.Getenv("OS_CLIENT_CONFIG_FILE"), os.Getenv(providerEnv)
	if file == "" || provider == "" {
		t.Fatalf("set OS_CLIENT_CONFIG_FILE (clouds.yaml with %s and %s) and %s: docs/openstack.md", labCloud, labAdmin, providerEnv)
	}
	l := &lab{cloudsFile: filepath.Join(t.TempDir(), "clouds.yaml")}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	l.writeClouds(t, string(data))
	mirror := openstackMirror(t, provider)
	l.compute, l.network, _ = labClient(t, labCloud)
	l.admin, _, _ = labClient(t, labAdmin)
	_, _, l.project = labClient(t, labCloud)
	l.testRig = newRig(t, text, append(change, func(o *rig.Options) {
		o.Env = append(o.Env, "OS_CLIENT_CONFIG_FILE="+l.cloudsFile, "TF_CLI_CONFIG_FILE="+mirror)
	})...)
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute) // a real cloud is slow
	l.ctx = ctx
	t.Cleanup(cancel)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return l
}

func (l *lab) writeClouds(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(l.cloudsFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// openstackMirror installs the provider from a file.
func openstackMirror(t *testing.T, provider string) (cliConfig string) {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "registry.terraform.io/terraform-provider-openstack/openstack/3.9.9", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(provider, filepath.Join(folder, "terraform-provider-openstack_v3.9.9")); err != nil {
		t.Fatal(err)
	}
	cliConfig = filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)
	if err := os.WriteFile(cliConfig, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return cliConfig
}

func labClient(t *testing.T, cloud string) (compute, network *gophercloud.ServiceClient, project string) {
	t.Helper()
	auth, endpoint, _, err := clouds.Parse(clouds.WithCloudName(cloud))
	if err != nil {
		t.Fatal(err)
	}
	auth.AllowReauth = true
	client, err := config.NewProviderClient(t.Context(), auth)
	if err != nil {
		t.Fatal(err)
	}
	if compute, err = openstack.NewComputeV2(client, endpoint); err != nil {
		t.Fatal(err)
	}
	if network, err = openstack.NewNetworkV2(client, endpoint); err != nil {
		t.Fatal(err)
	}
	result, ok := client.GetAuthResult().(tokens.CreateResult)
	if !ok {
		t.Fatalf("the login's answer is a %T", client.GetAuthResult())
	}
	own, err := result.ExtractProject()
	if err != nil {
		t.Fatal(err)
	}
	return compute, network, own.ID
}

// servers are those of the project by name.
func (l *lab) servers() map[string]nova.Server {
	l.t.Helper()
	pages, err := nova.List(l.compute, nova.ListOpts{}).AllPages(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := nova.ExtractServers(pages)
	if err != nil {
		l.t.Fatal(err)
	}
	out := map[string]nova.Server{}
	for _, s := range list {
		out[s.Name] = s
	}
	return out
}

func (l *lab) floating() int {
	l.t.Helper()
	pages, err := floatingips.List(l.network, floatingips.ListOpts{}).AllPages(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := floatingips.ExtractFloatingIPs(pages)
	if err != nil {
		l.t.Fatal(err)
	}
	return len(list)
}

// gone waits until neither ZooKeeper nor the cloud has anything left.
func (l *lab) gone() {
	l.t.Helper()
	l.empty()
	if s, f := l.servers(), l.floating(); len(s) > 0 || f > 0 {
		l.t.Errorf("left in the cloud: %d servers, %d floating addresses", len(s), f)
	}
}

// quota sets how many instances and cores the project may have.
func (l *lab) quota(instances, cores int) {
	l.t.Helper()
	if _, err := quotasets.Update(context.Background(), l.admin, l.project, quotasets.UpdateOpts{Instances: &instances, Cores: &cores}).Extract(); err != nil {
		l.t.Fatal(err)
	}
}

// TestOpenStack is a node's life on a real cloud, with every option that the lab can show.
func TestOpenStack(t *testing.T) {
	l := newLab(t, labConfig)
	l.start()
	began := time.Now()
	req := l.wait(l.submit("plain"), record.RequestFulfilled)
	t.Logf("one node: ready after %s", time.Since(began).Round(time.Millisecond))
	n := l.Nodes()[req.Nodes[0]]
	s := l.servers()["np"+n.ID]
	want := map[string]string{
		"groups": "mine", "purpose": "ci", "for": "acme", "nodepool_node_id": n.ID, "nodepool_pool_name": "main", "nodepool_provider_name": "lab",
		"nodepool_tf_request": req.ID,
	}
	for key, val := range want {
		if s.Metadata[key] != val {
			t.Errorf("metadata %s is %q, want %q", key, s.Metadata[key], val)
		}
	}
	if _, there := s.Metadata["bad"]; there {
		t.Error("a dynamic property that cannot be rendered is there")
	}
	if string(n.ExternalID) != `"`+s.ID+`"` || n.InterfaceIP == "" || n.InterfaceIP != n.PublicIPv4 || n.Cloud != labCloud || n.Region != "RegionOne" || n.AZ != "nova" || n.Username != "ci" || n.ImageID != "base" {
		t.Errorf("record %s", n.Encode())
	}
	if n.Resources["cores"] != 1 || n.Resources["ram"] != 256 || n.Resources["instances"] != 1 {
		t.Errorf("resources %v", n.Resources)
	}
	if s.KeyName != "nodepool" {
		t.Errorf("server %+v", s)
	}

	began = time.Now()
	floating := l.wait(l.submit("floating", "floating"), record.RequestFulfilled)
	t.Logf("two nodes with floating addresses: ready after %s", time.Since(began).Round(time.Millisecond))
	for _, id := range floating.Nodes {
		if n := l.Nodes()[id]; !strings.HasPrefix(n.PublicIPv4, "203.0.113.") || !strings.HasPrefix(n.PrivateIPv4, "10.20.") || n.InterfaceIP != n.PublicIPv4 {
			t.Errorf("addresses %s", n.Encode())
		}
	}
	if f := l.floating(); f != 2 {
		t.Errorf("%d floating addresses", f)
	}
	lost := l.wait(l.submit("lost"), record.RequestFailed)
	if len(lost.DeclinedBy) != 1 {
		t.Errorf("declined by %v", lost.DeclinedBy)
	}
	l.logged("the cloud has no active image not-there")
	out, err := l.Command(l.ctx, "info", "lab").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "instances") {
		t.Errorf("info: %v\n%s", err, out)
	}
	began = time.Now()
	l.use(req)
	l.use(floating)
	l.gone()
	t.Logf("three nodes: gone %s after use", time.Since(began).Round(time.Millisecond))
	l.stop()
}

// TestOpenStackQuota: what the cloud does not grant waits, and what it never grants is declined; nothing is asked of
// Nova in vain. What others have in the project counts.
func TestOpenStackQuota(t *testing.T) {
	l := newLab(t, labConfig)
	l.quota(1, 4)
	defer l.quota(500, 2000)
	l.start()
	first := l.wait(l.submit("plain"), record.RequestFulfilled)
	second := l.submit("plain")
	l.wait(l.submit("plain", "plain"), record.RequestFailed)
	l.logged("it needs more instances than the cloud grants provider lab: 2 of 1")
	l.eventually("it waits", func() bool { r := l.Request(second); return r != nil && r.State == record.RequestPending })
	if n := len(l.servers()); n != 1 {
		t.Errorf("%d servers", n)
	}
	l.use(first)
	l.use(l.wait(second, record.RequestFulfilled))
	l.gone()
	if strings.Contains(l.Log(), "class=quota") {
		t.Error("Nova was asked for what it does not grant")
	}
	l.stop()
}

// TestOpenStackLetIn: a cloud that cannot be reached, and one that refuses the password, says so once, and is used as
// soon as it lets the launcher in.
func TestOpenStackLetIn(t *testing.T) {
	l := newLab(t, labConfig)
	right, err := os.ReadFile(l.cloudsFile)
	if err != nil {
		t.Fatal(err)
	}
	l.writeClouds(t, strings.Replace(string(right), ":5000/v3", ":9/v3", 1))
	l.start()
	l.logged("the cloud does not answer")
	l.wait(l.submit("plain"), record.RequestFailed)
	l.writeClouds(t, strings.Replace(string(right), passwordIn, "password: wrong", 1))
	l.logged("the cloud refuses the launcher")
	l.writeClouds(t, string(right))
	l.logged("the cloud answers again")
	l.use(l.wait(l.submit("plain"), record.RequestFulfilled))
	l.gone()
	for _, text := range []string{"the cloud does not answer", "the cloud refuses the launcher"} {
		if n := strings.Count(l.Log(), text+";"); n != 1 {
			t.Errorf("%q is told %d times", text, n)
		}
	}
	if strings.Contains(l.Log(), "wrong") {
		t.Error("a password is told")
	}
	l.stop()
}
