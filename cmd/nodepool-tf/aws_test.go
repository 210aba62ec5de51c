//go:build aws

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// What `make test-aws` needs: a moto server that nobody else uses, and the real Terraform provider. No guest has to answer.
const (
	motoEnv        = "NODEPOOL_TF_MOTO"         // its URL
	awsProviderEnv = "NODEPOOL_TF_AWS_PROVIDER" // path of terraform-provider-aws, 4.57 or later
)

// Moto wants a size of a root volume that is told anything.
const motoConfig = `
labels: [{name: plain}, {name: spot}, {name: any}, {name: any-spot}, {name: inner}, {name: hidden}, {name: alone}]
providers:
  - name: moto
    driver: aws
    region-name: us-east-1
    rate: 0
    launch-retries: 2
    launch-timeout: 300
    host-key-checking: false
    provider-config: {aws: {endpoints: [{ec2: FRONT, sts: FRONT}], skip_metadata_api_check: "true"}}
    cloud-images:
      - {name: newest, username: ci, image-filters: [{name: name, values: ["amzn*", "ubuntu/images/*"]}]}
    pools:
      - name: main
        labels:
          - {name: plain, cloud-image: newest, instance-type: m5.large, key-name: ci, volume-size: 40, volume-type: gp3, iops: 4000, throughput: 250, ebs-optimized: true,
             imdsv2: required, iam-instance-profile: {name: ci}, userdata: "#cloud-config\n", tags: {purpose: ci, nodepool_node_id: forged}, dynamic-tags: {for: "{request.tenant_name}"}}
          - {name: spot, cloud-image: newest, instance-type: m5.large, key-name: ci, volume-size: 8, use-spot: true}
      - name: inner
        subnet-id: SUBNET
        security-group-id: GROUP
        public-ipv4: false
        public-ipv6: true
        labels:
          - {name: inner, cloud-image: newest, instance-type: m5.large, key-name: ci, volume-size: 8, iops: 3500}
          - {name: any, cloud-image: newest, key-name: ci, fleet: {instance-types: [m5.large, m6i.large], allocation-strategy: prioritized}, volume-type: gp3, volume-size: 30, imdsv2: required, tags: {purpose: ci}}
          - {name: any-spot, cloud-image: newest, key-name: ci, volume-size: 8, use-spot: true, fleet: {instance-types: [m5.large, m6i.large], allocation-strategy: price-capacity-optimized}}
      - name: hidden
        public-ipv4: false
        security-group-id: DEFAULT
        labels: [{name: hidden, cloud-image: newest, instance-type: m5.large, key-name: ci, volume-size: 8}]
      - name: hosts
        availability-zone: us-east-1b
        labels: [{name: alone, cloud-image: newest, instance-type: m5.large, key-name: ci, volume-size: 8, dedicated-host: true}]
`

// ec2Lab is a rig on moto's EC2.
type ec2Lab struct {
	*testRig
	*front
}

// newEC2 empties moto and makes there what an account has. FRONT, SUBNET, GROUP and DEFAULT in config are of it.
func newEC2(t *testing.T, config string, change ...func(*rig.Options)) *ec2Lab {
	t.Helper()
	moto, provider := os.Getenv(motoEnv), os.Getenv(awsProviderEnv)
	if moto == "" || provider == "" {
		t.Fatalf("set %s (URL of a moto server) and %s (path of the provider): docs/aws.md", motoEnv, awsProviderEnv)
	}
	f := newFront(t, moto)
	names := f.account(t)
	names["FRONT"] = f.URL
	for name, value := range names {
		config = strings.ReplaceAll(config, name, value)
	}
	r := newRig(t, config, append(change, func(o *rig.Options) {
		o.Env = append(o.Env, "AWS_ENDPOINT_URL="+f.URL, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true", "AWS_CA_BUNDLE=",
			"TF_CLI_CONFIG_FILE="+awsMirror(t, provider))
	})...)
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	r.ctx = ctx
	t.Cleanup(cancel)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return &ec2Lab{r, f}
}

// gone waits until neither ZooKeeper nor EC2 has anything left.
func (l *ec2Lab) gone() {
	l.t.Helper()
	l.empty()
	for what, n := range l.bill(l.t) {
		if n > 0 {
			l.t.Errorf("left in the cloud: %d %s", n, what)
		}
	}
}

// awsMirror installs the provider from a file.
func awsMirror(t *testing.T, provider string) (cliConfig string) {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "registry.terraform.io/hashicorp/aws/5.32.0", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(provider, filepath.Join(folder, "terraform-provider-aws_v5.32.0")); err != nil {
		t.Fatal(err)
	}
	cliConfig = filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)
	if err := os.WriteFile(cliConfig, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return cliConfig
}

// TestAWS is a node's life on moto's EC2, for every form of a node, side by side.
func TestAWS(t *testing.T) {
	l := newEC2(t, motoConfig)
	l.start()
	began := time.Now()
	forms := []string{"plain", "spot", "any", "any-spot", "inner", "hidden", "alone"}
	requests := map[string]string{}
	for _, label := range forms {
		requests[label] = l.submit(label)
	}
	var all []*record.Request
	for _, label := range forms {
		req := l.wait(requests[label], record.RequestFulfilled)
		all = append(all, req)
		n := l.Nodes()[req.Nodes[0]]
		there := l.tagged(t, n.ID)
		if len(there) != 1 {
			t.Errorf("%s: node %s has %d instances", label, n.ID, len(there))
			continue
		}
		l.check(label, n, there[0])
	}
	t.Logf("%d forms of nodes: ready after %s", len(forms), time.Since(began).Round(time.Millisecond))
	began = time.Now()
	for _, req := range all {
		l.use(req)
	}
	l.gone()
	t.Logf("gone %s after use; calls: %s", time.Since(began).Round(time.Millisecond), strings.Join(l.actions(), " "))
	l.stop()
}

// check holds a node's record and its instance against its label.
func (l *ec2Lab) check(label string, n *record.Node, i motoInstance) {
	l.t.Helper()
	t := l.t
	id := `^\{"instance": ?"` + i.ID + `"\}$`
	if label == "alone" {
		id = `^\{"host": ?"` + i.Host + `", ?"instance": ?"` + i.ID + `"\}$`
	}
	if !regexp.MustCompile(id).Match(n.ExternalID) || n.Cloud != "AWS" || n.Region != "us-east-1" || n.PrivateIPv4 != i.PrivateIP || n.PublicIPv4 != i.PublicIP || n.InterfaceIP == "" {
		t.Errorf("%s: record %s of %+v", label, n.Encode(), i)
	}
	if n.Resources["ram"] != 8192 || n.Resources["instances"] != 1 {
		t.Errorf("%s: resources %v", label, n.Resources)
	}
	fleet, spot := label == "any" || label == "any-spot", label == "spot" || label == "any-spot"
	if want := fmt.Sprintf(`{"fleet":%t,"spot":%t}`, fleet, spot); strings.ReplaceAll(string(n.NodeProperties), " ", "") != want {
		t.Errorf("%s: properties %s, want %s", label, n.NodeProperties, want)
	}
	tags := map[string]string{"Name": "np" + n.ID, "nodepool_node_id": n.ID, "nodepool_provider_name": "moto"}
	sent := map[string]string{} // what moto does not show, as the provider asked for it
	action := "RunInstances"
	switch label {
	case "plain":
		tags["purpose"], tags["for"] = "ci", "acme"
		if i.Key != "ci" || i.Tokens != "required" || !strings.HasSuffix(i.Profile, "/ci") || i.PublicIP == "" || n.AZ != i.Zone {
			t.Errorf("%s: %+v", label, i)
		}
		if v := l.volume(t, i.Volume); v.Size != 40 || v.Type != "gp3" || v.Tags["nodepool_node_id"] != n.ID {
			t.Errorf("%s: volume %+v", label, v)
		}
		data := l.userData(t, i.ID)
		if text, err := base64.StdEncoding.DecodeString(data); err != nil || string(text) != "#cloud-config\n" {
			t.Errorf("%s: user data %q", label, data)
		}
		sent = map[string]string{"BlockDeviceMapping.1.Ebs.Iops": "4000", "BlockDeviceMapping.1.Ebs.Throughput": "250", "BlockDeviceMapping.1.Ebs.DeleteOnTermination": "true", "EbsOptimized": "true"}
	case "spot":
		action = "CreateLaunchTemplate"
		sent = map[string]string{"LaunchTemplateData.InstanceMarketOptions.MarketType": "spot", "LaunchTemplateData.InstanceMarketOptions.SpotOptions.SpotInstanceType": "one-time"}
	case "any", "any-spot":
		if i.Key != "ci" || i.Lifecycle != map[string]string{"any": "", "any-spot": "spot"}[label] {
			t.Errorf("%s: %+v", label, i)
		}
		action = "CreateLaunchTemplate"
		sent = map[string]string{"LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize": map[string]string{"any": "30", "any-spot": "8"}[label], "LaunchTemplateData.TagSpecification.2.ResourceType": "volume"}
	case "inner":
		if i.PublicIP != "" || n.InterfaceIP != i.PrivateIP {
			t.Errorf("%s: record %s of %+v", label, n.Encode(), i)
		}
		sent = map[string]string{"NetworkInterface.1.Ipv6AddressCount": "1", "NetworkInterface.1.AssociatePublicIpAddress": "false", "BlockDeviceMapping.1.Ebs.VolumeType": "gp3", "BlockDeviceMapping.1.Ebs.Iops": "3500"}
	case "hidden":
		action = "CreateLaunchTemplate"
		sent = map[string]string{"LaunchTemplateData.NetworkInterface.1.AssociatePublicIpAddress": "false", "LaunchTemplateData.NetworkInterface.1.DeviceIndex": "0"}
	case "alone":
		if i.Host == "" || i.Zone != "us-east-1b" {
			t.Errorf("%s: %+v", label, i)
		}
		sent = map[string]string{"Placement.Tenancy": "host", "Placement.HostId": i.Host}
	}
	form := l.sent(action, n.ID)
	for key, want := range sent {
		if form.Get(key) != want {
			t.Errorf("%s: %s %s is %q, want %q, of %v", label, action, key, form.Get(key), want, form)
		}
	}
	for key, want := range tags {
		if i.Tags[key] != want {
			t.Errorf("%s: tag %s is %q, want %q", label, key, i.Tags[key], want)
		}
	}
}
