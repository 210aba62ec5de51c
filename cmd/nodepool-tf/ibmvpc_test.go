//go:build ibmvpc

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/ibmvpc"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// What `make test-ibmvpc` needs: the real Terraform provider. The cloud is testdata/ibmvpc; no guest has to answer.
const ibmProviderEnv = "NODEPOOL_TF_IBM_PROVIDER" // path of terraform-provider-ibm, 2.5

const ibmConfig = `
labels: [{name: plain}, {name: floating}, {name: lost}]
providers:
  - name: Frankfurt
    driver: ibmvpc
    vpc: ci-vpc
    region: eu-de
    zone: eu-de-1
    subnet: ci-de-1
    credentials-file: /etc/ci/ibm.env
    rate: 100
    launch-retries: 1
    launch-timeout: 300
    host-key-checking: false
    clean-leaked: true
    quota: {instances: 100}
    cloud-images:
      - {name: ubuntu, username: root, keys: [ci-key, last-key], image-name: ibm-ubuntu-24-04-minimal-amd64-1}
      - {name: newest, username: ci, image-filter: {operating-system: {architecture: s390x}, owner-type: provider}}
      - {name: nowhere, username: ci, image-name: not-there}
    pools:
      - name: main
        max-servers: 10
        labels:
          - {name: plain, cloud-image: ubuntu, profile: bx2-4x16, user-data: "#!/bin/sh\necho ${x} %{y}\n"}
          - {name: lost, cloud-image: nowhere, profile: bx2-2x8}
      - name: far
        max-servers: 10
        zone: eu-de-2
        subnet: ci-de-2
        public-ipv4: true
        labels:
          - {name: floating, cloud-image: newest, profile: bz2-4x16}
`

// ibmRig is a rig on a simulated account.
type ibmRig struct {
	*testRig
	cloud       *ibmvpc.Cloud
	credentials string
}

func newIBM(t *testing.T, text string) *ibmRig {
	t.Helper()
	provider := os.Getenv(ibmProviderEnv)
	if provider == "" {
		t.Fatalf("set %s (path of terraform-provider-ibm): docs/ibmvpc.md", ibmProviderEnv)
	}
	cloud := ibmvpc.Start("np_Frankfurt_main", "np_Frankfurt_far", "np_ibm-frankfurt_private", "np_ibm-frankfurt_mainframe")
	t.Cleanup(cloud.Close)
	r := &ibmRig{cloud: cloud, credentials: filepath.Join(t.TempDir(), "ibm.env")}
	r.writeKey(ibmvpc.Key)
	r.testRig = newRig(t, strings.ReplaceAll(text, "/etc/ci/ibm.env", r.credentials), func(o *rig.Options) {
		o.Terraform = "list-interval: 2"
		o.Env = append(o.Env, "TF_CLI_CONFIG_FILE="+ibmMirror(t, provider))
		for _, kv := range cloud.Env() {
			if !strings.HasPrefix(kv, "VPC_") {
				o.Env = append(o.Env, kv)
			}
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute) // the provider looks every ten seconds
	r.ctx = ctx
	t.Cleanup(cancel)
	return r
}

func (r *ibmRig) writeKey(key string) {
	_ = os.WriteFile(r.credentials, []byte("VPC_AUTH_TYPE=iam\nVPC_APIKEY="+key+"\n"), 0o600)
}

// ibmMirror installs the provider from a file.
func ibmMirror(t *testing.T, provider string) (cliConfig string) {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "registry.terraform.io/ibm-cloud/ibm/2.5.0", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(provider, filepath.Join(folder, "terraform-provider-ibm_v2.5.0")); err != nil {
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
func (r *ibmRig) gone() {
	r.t.Helper()
	r.empty()
	if left := r.cloud.Books(); len(left) > 0 {
		r.t.Errorf("left in the cloud: %q", left)
	}
}

// TestIBM is a node's life, without and with a floating IP, and what the cloud does not have.
func TestIBM(t *testing.T) {
	r := newIBM(t, ibmConfig)
	r.start()
	began := time.Now()
	req := r.wait(r.submit("plain"), record.RequestFulfilled)
	t.Logf("one node: ready after %s", time.Since(began).Round(time.Millisecond))
	n := r.Nodes()[req.Nodes[0]]
	if string(n.ExternalID) != `"np`+n.ID+`"` || n.InterfaceIP == "" || n.InterfaceIP != n.PrivateIPv4 || n.PublicIPv4 != "" ||
		n.Cloud != "IBM" || n.Region != "eu-de" || n.AZ != "eu-de-1" || n.Username != "root" || n.Resources["cores"] != 4 || n.Resources["ram"] != 16384 {
		t.Errorf("record %s", n.Encode())
	}
	i := r.cloud.Instance("np" + n.ID)
	for key, want := range map[string]string{
		"user_data": "#!/bin/sh\necho ${x} %{y}\n", "image": "r010-image-0", "profile": "bx2-4x16", "resource_group": "np_Frankfurt_main", "zone": "eu-de-1",
		"keys": "r010-key-1 r010-key-2", "primary_network_interface": "eth0 02b7-subnet-0", "boot_volume_attachment": "np" + n.ID,
	} {
		if got := fmt.Sprint(i[key]); !containsAll(got, strings.Fields(want)) {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	tags := i["tags"].([]string)
	for _, want := range []string{"nodepool_node_id:" + n.ID, "nodepool_provider_name:frankfurt", "nodepool_tf_request:" + req.ID} {
		if !slices.Contains(tags, want) {
			t.Errorf("no tag %s in %q", want, tags)
		}
	}
	lost := r.wait(r.submit("lost"), record.RequestFailed)
	if len(lost.DeclinedBy) == 0 {
		t.Errorf("declined by %v", lost.DeclinedBy)
	}
	r.logged("the region has no available image not-there")
	began = time.Now()
	public := r.wait(r.submit("floating"), record.RequestFulfilled)
	t.Logf("one with a floating IP: ready after %s", time.Since(began).Round(time.Millisecond))
	if n := r.Nodes()[public.Nodes[0]]; !strings.HasPrefix(n.PublicIPv4, "203.0.113.") || n.InterfaceIP != n.PublicIPv4 || n.PrivateIPv4 == "" || n.AZ != "eu-de-2" {
		t.Errorf("record %s", n.Encode())
	}
	if left := r.cloud.Books(); len(left) != 5 {
		t.Errorf("books %q", left)
	}
	began = time.Now()
	r.use(req)
	r.use(public)
	r.gone()
	t.Logf("both: gone %s after use", time.Since(began).Round(time.Millisecond))
	r.secret()
	r.stop()
}

func containsAll(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// secret looks for the API key in all that the launcher wrote.
func (r *ibmRig) secret() {
	r.t.Helper()
	if strings.Contains(r.Log(), ibmvpc.Key) {
		r.t.Error("the API key is in the log")
	}
	_ = filepath.WalkDir(r.StateDir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), ibmvpc.Key) {
				r.t.Errorf("the API key is in %s", path)
			}
		}
		return nil
	})
}

// TestIBMFull: a zone without capacity fails the launch as such and nothing is left. What the account's quota refuses
// waits.
func TestIBMFull(t *testing.T) {
	r := newIBM(t, ibmConfig)
	r.cloud.Full("eu-de-2", true)
	r.start()
	failed := r.submit("floating")
	r.logged("class=capacity")
	r.cloud.Full("eu-de-2", false)
	r.cloud.Quota(0)
	refused := r.submit("plain")
	r.logged("class=quota")
	r.cloud.Quota(-1)
	r.use(r.wait(refused, record.RequestFulfilled))
	r.wait(failed, record.RequestFailed)
	r.gone()
	r.stop()
}

// TestIBMLetIn: a wrong key is told once and the right one is used as soon as it is in its file.
func TestIBMLetIn(t *testing.T) {
	r := newIBM(t, strings.Replace(ibmConfig, "instances: 100", "instances: 1", 1))
	r.writeKey("wrong")
	r.start()
	r.logged("the cloud refuses the launcher")
	r.wait(r.submit("plain"), record.RequestFailed)
	r.writeKey(ibmvpc.Key)
	r.logged("the cloud answers again")
	first := r.wait(r.submit("plain"), record.RequestFulfilled)
	second := r.submit("plain")
	r.eventually("it waits", func() bool { q := r.Request(second); return q != nil && q.State == record.RequestPending })
	r.use(first)
	r.use(r.wait(second, record.RequestFulfilled))
	r.gone()
	if n := strings.Count(r.Log(), "the cloud refuses the launcher;"); n != 1 || strings.Contains(r.Log(), "APIKEY") {
		t.Errorf("told %d times", n)
	}
	r.stop()
}

// TestIBMVanished: an instance that somebody deletes is missed in the lists, and its node replaced; what it leaves goes.
func TestIBMVanished(t *testing.T) {
	r := newIBM(t, strings.Replace(ibmConfig, "{name: floating}", "{name: floating, min-ready: 1}", 1))
	r.start()
	ready := func(not string) (id string) {
		r.eventually("a node is ready", func() bool {
			for _, n := range r.Nodes() {
				if n.State == record.NodeReady && n.ID != not {
					id = n.ID
				}
			}
			return id != ""
		})
		return id
	}
	first := ready("")
	r.cloud.Asked()
	r.eventually("it is listed", func() bool { return slices.Contains(r.cloud.Asked(), "GET /v1/floating_ips") })
	r.cloud.Lose("np" + first)
	second := ready(first)
	want := []string{"floating IP np" + second, "instance np" + second, "volume np" + second}
	r.eventually("only the second is there", func() bool { return slices.Equal(r.cloud.Books(), want) })
	r.stop()
}

// TestIBMLogin: whoever the file says asks, the launcher and Terraform's provider alike.
func TestIBMLogin(t *testing.T) {
	r := newIBM(t, strings.Replace(ibmConfig, "{name: plain}", "{name: plain, min-ready: 1}", 1))
	for who, settings := range map[string]string{
		ibmvpc.Service: "VPC_APIKEY=" + ibmvpc.Key + "\n",
		ibmvpc.Trusted: "VPC_AUTH_TYPE=iamAssume\nVPC_APIKEY=" + ibmvpc.Key + "\nVPC_IAM_PROFILE_ID=" + ibmvpc.Trusted + "\n",
		"iam-somebody": "VPC_AUTH_TYPE=bearerToken\nVPC_BEARER_TOKEN=" + ibmvpc.Token("iam-somebody") + "\n",
	} {
		if err := os.WriteFile(r.credentials, []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		r.cloud.Asked()
		r.cloud.Who()
		out, err := r.Command(r.ctx, "plan").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "ibm_is_instance.node") {
			t.Errorf("%s: %v\n%s", who, err, out)
		}
		if asked := r.cloud.Asked(); !slices.Contains(asked, "GET /v3/tags") { // which Terraform's provider asks for alone
			t.Errorf("%s: asked %q", who, asked)
		}
		if got := r.cloud.Who(); !slices.Equal(got, []string{who}) {
			t.Errorf("asked by %q, want %s", got, who)
		}
	}
}

// TestIBMPlan: Nodepool's own sample, with the real provider; the cloud is as it was.
func TestIBMPlan(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(rig.Root(), "testdata/config/samples/sample-ibmvpc.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	text = text[strings.Index(text, "\nlabels:"):]
	for _, label := range []string{"ubuntu-ibm", "s390x", "own-ibm"} {
		text = strings.Replace(text, "{name: "+label+"}", "{name: "+label+", min-ready: 1}", 1)
	}
	r := newIBM(t, text)
	r.connect()
	r.seed(map[string]string{
		"/nodepool/images/rocky-ci/builds/b1/providers/ibm-frankfurt/images/0000000001": `{"state": "ready", "state_time": 1, "external_id": "r010-image-3"}`,
	})
	out, err := r.Command(r.ctx, "plan").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	if n := strings.Count(string(out), "ibm_is_instance.node"); n != 3 || strings.Count(string(out), "ibm_is_floating_ip.node") != 1 || strings.Contains(string(out), ibmvpc.Key) {
		t.Errorf("%d instances:\n%s", n, out)
	}
	if left := r.cloud.Books(); len(left) > 0 {
		t.Errorf("left in the cloud: %q", left)
	}
}

// TestIBMLeak: what no record knows is found by its group and name, and removed by Terraform's provider, also where a run
// was killed before it tagged it.
func TestIBMLeak(t *testing.T) {
	r := newIBM(t, ibmConfig)
	r.start()
	req := r.wait(r.submit("plain"), record.RequestFulfilled)
	var launcher string
	for _, tag := range r.cloud.Instance("np" + req.Nodes[0])["tags"].([]string) {
		if strings.HasPrefix(tag, "nodepool_tf_launcher:") {
			launcher = tag
		}
	}
	r.cloud.Make("np0000009998", "np_Frankfurt_main", true, true, launcher, "nodepool_provider_name:frankfurt", "nodepool_node_id:0000009998")
	r.cloud.Make("bastion", "np_Frankfurt_main", false, false)
	r.logged("leaked")
	r.eventually("they are removed", func() bool { return len(r.cloud.Books()) == 4 })
	r.cloud.Make("np0000009999", "np_Frankfurt_far", false, false, "nodepool_provider_name:frankfurt", "nodepool_node_id:0000009999")
	r.eventually("the untagged one is removed", func() bool { return len(r.cloud.Books()) == 4 })
	if left := r.cloud.Books(); !slices.Equal(left, []string{"instance bastion", "instance np" + req.Nodes[0], "volume bastion", "volume np" + req.Nodes[0]}) {
		t.Errorf("books %q", left)
	}
	r.use(req)
	r.empty()
	r.stop()
}
