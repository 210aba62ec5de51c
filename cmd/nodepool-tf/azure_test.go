//go:build azure

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	sim "github.com/nodepool-tf/nodepool-tf/testdata/azure"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// azureProviderEnv is what `make test-azure` needs: the path of the real Terraform provider, 4.75 or later.
const azureProviderEnv = "NODEPOOL_TF_AZURERM_PROVIDER"

const azureConfig = `
labels: [{name: plain}, {name: dual}, {name: inner}, {name: filtered}, {name: windows}, {name: big}]
providers:
  - name: arm
    driver: azure
    location: westeurope
    resource-group: ci-nodes
    resource-group-location: westeurope
    auth-path: AUTH
    network: {network: vnet-ci, subnet: nodes}
    rate: 100
    launch-retries: 2
    launch-timeout: 300
    host-key-checking: false
    zuul-public-key: ` + azureKey + `
    cloud-images:
      - {name: market, username: ci, image-reference: {publisher: Canonical, offer: jammy, sku: 22_04-lts-gen2, version: latest}}
      - {name: stable, username: ci, image-filter: {tags: {channel: stable}}}
      - {name: win11, username: builder, generate-password: true, connection-type: winrm, image-id: ` + sim.GroupPath + `/providers/Microsoft.Compute/images/win11}
    pools:
      - name: main
        max-servers: 10
        labels:
          - {name: plain, cloud-image: market, hardware-profile: {vm-size: Standard_D2s_v5}, volume-size: 64, user-data: "to all", custom-data: "to cloud-init",
             tags: {purpose: ci, nodepool_node_id: forged}, dynamic-tags: {for: "{request.tenant_name}"}}
          - {name: filtered, cloud-image: stable, hardware-profile: {vm-size: Standard_B1ls}}
          - {name: windows, cloud-image: win11, hardware-profile: {vm-size: Standard_D8s_v5}}
          - {name: big, cloud-image: market, hardware-profile: {vm-size: Standard_D8s_v5}}
      - {name: dual, max-servers: 2, public-ipv6: true, labels: [{name: dual, cloud-image: market, hardware-profile: {vm-size: Standard_B1ls}}]}
      - {name: inner, max-servers: 2, public-ipv4: false, labels: [{name: inner, cloud-image: market, hardware-profile: {vm-size: Standard_B1ls}}]}
`

const azureKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJMcyYc6U4lw3J7w8n4T6L2VwXjAlXgUoo5V3xIdHxbn ci"

// armLab is a rig on a simulated Azure.
type armLab struct {
	*testRig
	cloud *sim.Server
	auth  string // path of the credentials
}

func newARM(t *testing.T, config string, change ...func(*rig.Options)) *armLab {
	t.Helper()
	provider := os.Getenv(azureProviderEnv)
	if provider == "" {
		t.Fatalf("set %s (path of terraform-provider-azurerm): docs/azure.md", azureProviderEnv)
	}
	l := &armLab{cloud: sim.Start(), auth: filepath.Join(t.TempDir(), "azure.json")}
	t.Cleanup(l.cloud.Close)
	images := sim.GroupPath + "/providers/Microsoft.Compute/images/"
	l.cloud.Put(images+"win11", `{}`)
	l.cloud.Put(images+"debian-1", `{"tags": {"channel": "stable"}}`)
	l.cloud.Put(images+"debian-2", `{"tags": {"channel": "stable"}}`)
	trust, err := l.cloud.TrustFile(t.TempDir())
	if err == nil {
		err = l.cloud.AuthFile(l.auth)
	}
	if err != nil {
		t.Fatal(err)
	}
	mirror := azureMirror(t, provider)
	l.testRig = newRig(t, strings.ReplaceAll(config, "AUTH", l.auth), append(change, func(o *rig.Options) {
		o.Env = append(o.Env, "ARM_METADATA_HOSTNAME="+l.cloud.Host, "SSL_CERT_FILE="+trust, "TF_CLI_CONFIG_FILE="+mirror)
	})...)
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	l.ctx = ctx
	t.Cleanup(cancel)
	return l
}

// azureMirror installs the provider from a file.
func azureMirror(t *testing.T, provider string) (cliConfig string) {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "registry.terraform.io/hashicorp/azurerm/5.2.0", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(provider, filepath.Join(folder, "terraform-provider-azurerm_v5.2.0")); err != nil {
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
func (l *armLab) gone() {
	l.t.Helper()
	l.empty()
	if books := l.cloud.Books(); len(books) > 0 {
		l.t.Errorf("left in the cloud: %v", books)
	}
	if u := l.cloud.Unknown(); len(u) > 0 {
		l.t.Logf("calls that the simulated cloud has no answer for: %v", u)
	}
}

// machine is what the cloud says of a node's.
func (l *armLab) machine(n *record.Node) (vm struct {
	Tags       map[string]string
	Properties struct {
		UserData        string
		HardwareProfile struct{ VMSize string }
		OSProfile       struct {
			ComputerName, AdminUsername string
			LinuxConfiguration          *struct{ DisablePasswordAuthentication bool }
			WindowsConfiguration        *struct{}
		}
		StorageProfile struct {
			ImageReference struct{ ID, Publisher string }
			OSDisk         struct{ DiskSizeGB int }
		}
	}
}) {
	l.t.Helper()
	doc := l.cloud.Doc(sim.GroupPath + "/providers/Microsoft.Compute/virtualMachines/np" + n.ID)
	if err := json.Unmarshal([]byte(doc), &vm); err != nil {
		l.t.Fatalf("%v: %s", err, doc)
	}
	return vm
}

// TestAzure is a node's life on a simulated Resource Manager, for every form of a node, side by side.
func TestAzure(t *testing.T) {
	l := newARM(t, azureConfig)
	l.start()
	began := time.Now()
	forms := []string{"plain", "filtered", "windows", "dual", "inner"}
	requests := map[string]string{}
	for _, label := range forms {
		requests[label] = l.submit(label)
	}
	nodes, served := map[string]*record.Node{}, map[string]*record.Request{}
	for _, label := range forms {
		served[label] = l.wait(requests[label], record.RequestFulfilled)
		nodes[label] = l.Nodes()[served[label].Nodes[0]]
		t.Logf("%s: ready after %s", label, time.Since(began).Round(time.Millisecond))
	}
	n, vm := nodes["plain"], l.machine(nodes["plain"])
	for key, want := range map[string]string{"purpose": "ci", "for": "acme", "nodepool_node_id": n.ID, "nodepool_pool_name": "main", "nodepool_provider_name": "arm", "nodepool_tf_request": requests["plain"]} {
		if vm.Tags[key] != want {
			t.Errorf("tag %s is %q, want %q", key, vm.Tags[key], want)
		}
	}
	if string(n.ExternalID) != `"np`+n.ID+`"` || n.Cloud != "Azure" || n.Region != "westeurope" || !strings.HasPrefix(n.PublicIPv4, "203.0.113.") ||
		n.InterfaceIP != n.PublicIPv4 || !strings.HasPrefix(n.PrivateIPv4, "10.0.") || n.Username != "ci" || n.Resources["cores"] != 2 || n.Resources["ram"] != 8192 {
		t.Errorf("record %s", n.Encode())
	}
	p := vm.Properties
	if p.UserData != "dG8gYWxs" || p.StorageProfile.OSDisk.DiskSizeGB != 64 || p.StorageProfile.ImageReference.Publisher != "Canonical" ||
		p.OSProfile.ComputerName != "np"+n.ID || p.OSProfile.LinuxConfiguration == nil || !p.OSProfile.LinuxConfiguration.DisablePasswordAuthentication {
		t.Errorf("machine %+v", vm)
	}
	if p := l.machine(nodes["filtered"]).Properties; !strings.HasSuffix(p.StorageProfile.ImageReference.ID, "/images/debian-2") {
		t.Errorf("the last image by name: %+v", p)
	}
	n, p = nodes["windows"], l.machine(nodes["windows"]).Properties
	if n.ConnectionType != "winrm" || string(n.ConnectionPort) != "5986" || n.Username != "builder" || p.OSProfile.WindowsConfiguration == nil || p.OSProfile.AdminUsername != "builder" {
		t.Errorf("windows: %s %+v", n.Encode(), p)
	}
	if n := nodes["dual"]; !strings.HasPrefix(n.PublicIPv6, "2001:db8::") || n.PublicIPv4 == "" || n.InterfaceIP != n.PublicIPv4 {
		t.Errorf("record %s", n.Encode())
	}
	if n := nodes["inner"]; n.PublicIPv4 != "" || n.InterfaceIP != n.PrivateIPv4 || n.InterfaceIP == "" {
		t.Errorf("record %s", n.Encode())
	}
	stdout, stderr, code := l.out("info", "arm")
	if !regexp.MustCompile(`cores\b.*\b104\b`).MatchString(stdout) || code != 0 {
		t.Errorf("info: %d %s%s", code, stdout, stderr)
	}
	// Five addresses (none of inner, two of dual), interfaces, machines and disks.
	if books := l.cloud.Books(); len(books) != 5+5+5+5 {
		t.Errorf("%d: %v", len(books), books)
	}
	began = time.Now()
	for _, label := range forms {
		l.use(served[label])
	}
	l.gone()
	t.Logf("used to gone: %s", time.Since(began).Round(time.Millisecond))
	l.stop()
}

// TestAzureTrouble: what the cloud refuses is told for what it is, and leaves nothing there.
func TestAzureTrouble(t *testing.T) {
	l := newARM(t, azureConfig)
	l.cloud.Rotate("the-right-secret")
	l.start()
	l.logged("AADSTS7000215: Invalid client secret provided.")
	l.wait(l.submit("plain"), record.RequestFailed)
	if err := l.cloud.AuthFile(l.auth); err != nil {
		t.Fatal(err)
	}
	l.logged("the cloud answers again")
	first := l.wait(l.submit("plain"), record.RequestFulfilled)
	for name, data := range l.workspaceFiles() {
		if strings.Contains(string(data), "the-right-secret") {
			t.Errorf("the secret is in %s", name)
		}
	}

	// A new secret is used by the next run, and by the runs of nodes that are there.
	l.cloud.Rotate("a-new-secret")
	if err := l.cloud.AuthFile(l.auth); err != nil {
		t.Fatal(err)
	}
	second := l.wait(l.submit("plain"), record.RequestFulfilled)
	l.use(first)
	l.use(second)
	l.gone()

	for _, code := range []string{"SkuNotAvailable", "AllocationFailed"} {
		l.cloud.Fail(code)
		l.wait(l.submit("plain"), record.RequestFailed)
		l.logged(code)
		l.gone()
	}
	l.logged("class=capacity")
	l.logged("NicReservedForAnotherVm") // for a while: the second attempt waits for that
	if n := strings.Count(l.Log(), "attempt=2/2"); n != 2 {
		t.Errorf("%d second attempts", n)
	}
	l.cloud.Fail("")

	// The quota that the daemon knows of is an old one: the cloud refuses, which is no failed attempt.
	l.cloud.Limit(0)
	waits := l.submit("big")
	l.logged("class=quota")
	l.cloud.Limit(100)
	l.use(l.wait(waits, record.RequestFulfilled))
	l.gone()
	l.stop()
	for _, secret := range []string{"sesame-secret", "the-right-secret", "a-new-secret"} {
		if strings.Contains(l.Log(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

// TestAzureReload: a provider that has changed is asked anew what it has. Who waits for quota goes on waiting.
func TestAzureReload(t *testing.T) {
	l := newARM(t, strings.Replace(azureConfig, "max-servers: 10", "max-servers: 1", 1))
	l.start()
	first := l.wait(l.submit("plain"), record.RequestFulfilled)
	waits := l.submit("plain")
	l.logged(`msg="pool paused" provider=arm pool=main paused=true`)
	l.configure("launch-timeout: 300", "launch-timeout: 301")
	l.use(first)
	l.use(l.wait(waits, record.RequestFulfilled))
	l.gone()
	l.stop()
}

// TestAzureSample: the sample of config-reference.md goes through plan.
func TestAzureSample(t *testing.T) {
	data, err := os.ReadFile("../../testdata/config/samples/sample-azure.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := regexp.MustCompile(`(?m)^zookeeper-.*$`).ReplaceAllString(string(data), "")
	l := newARM(t, strings.NewReplacer("/etc/ci/azure.json", "AUTH", "ssh-ed25519 AAAAexample ci", azureKey).Replace(config))
	of := "/subscriptions/" + sim.Subscription
	l.cloud.Put(of+"/resourceGroups/ci-net/providers/Microsoft.Network/virtualNetworks/vnet-ci/subnets/nodes", `{}`)
	l.cloud.Put(of+"/providers/Microsoft.Compute/locations/westeurope/communityGalleries/ci-public/images/noble/versions/2.1.0", `{}`)
	l.connect()
	for _, label := range []string{"jammy", "noble-gallery", "tagged", "win11"} {
		l.submit(label)
	}
	began := time.Now()
	stdout, stderr, code := l.out("plan", "--detailed-exitcode")
	t.Logf("planned in %s", time.Since(began).Round(time.Millisecond))
	if code != 2 {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	for part, times := range map[string]int{
		".azurerm_linux_virtual_machine.node[0]": 3, ".azurerm_windows_virtual_machine.node[0]": 1, ".azurerm_network_interface.node": 4, ".azurerm_public_ip.ipv4[0]": 1,
		"4 to launch": 1, "13 to add, 0 to change, 0 to destroy": 2,
	} {
		if n := strings.Count(stdout, part); n != times {
			t.Errorf("%s is there %d times", part, n)
		}
	}
	if t.Failed() {
		t.Log(stdout)
	}
}
