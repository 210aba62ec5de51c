//go:build aws

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// What `make test-aws` needs: a moto server without instances, and the real Terraform provider. No guest has to answer.
const (
	motoEnv        = "NODEPOOL_TF_MOTO"         // its URL
	awsProviderEnv = "NODEPOOL_TF_AWS_PROVIDER" // path of terraform-provider-aws, 4.57 or later
)

const motoConfig = `
labels: [{name: plain}, {name: spot}]
providers:
  - name: moto
    driver: aws
    region-name: us-east-1
    launch-retries: 2
    launch-timeout: 300
    host-key-checking: false
    provider-config: {aws: {endpoints: [{ec2: MOTO, sts: MOTO}], skip_metadata_api_check: "true"}}
    cloud-images:
      - {name: newest, username: ci, image-filters: [{name: name, values: ["amzn*", "ubuntu/images/*"]}]}
    pools:
      - name: main
        max-servers: 4
        labels:
          - {name: plain, cloud-image: newest, instance-type: m5.large, key-name: ci, volume-size: 40, volume-type: gp3, imdsv2: required, tags: {purpose: ci, nodepool_node_id: forged}, dynamic-tags: {for: "{request.tenant_name}"}}
          - {name: spot, cloud-image: newest, instance-type: m5.large, key-name: ci, use-spot: true}
`

// TestAWS is a node's life on moto's EC2, on demand and spot.
func TestAWS(t *testing.T) {
	moto, provider := os.Getenv(motoEnv), os.Getenv(awsProviderEnv)
	if moto == "" || provider == "" {
		t.Fatalf("set %s (URL of a moto server) and %s (path of the provider): docs/drivers.md, aws", motoEnv, awsProviderEnv)
	}
	r := newRig(t, strings.ReplaceAll(motoConfig, "MOTO", moto), func(o *rig.Options) {
		o.Env = append(o.Env, "AWS_ENDPOINT_URL="+moto, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "TF_CLI_CONFIG_FILE="+awsMirror(t, provider))
	})
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	r.ctx = ctx
	t.Cleanup(cancel)
	r.start()
	for _, label := range []string{"plain", "spot"} {
		began := time.Now()
		req := r.wait(r.submit(label), record.RequestFulfilled)
		t.Logf("%s: ready after %s", label, time.Since(began).Round(time.Millisecond))
		n := r.Nodes()[req.Nodes[0]]
		id := regexp.MustCompile(`^\{"instance": ?"(i-[0-9a-f]+)"\}$`).FindSubmatch(n.ExternalID)
		if id == nil || n.Cloud != "AWS" || n.Region != "us-east-1" || n.AZ == "" || n.InterfaceIP == "" || n.Resources["ram"] != 8192 {
			t.Errorf("record %s", n.Encode())
		}
		answer := instances(t, moto)
		for _, part := range []string{"np" + n.ID, "<key>nodepool_node_id</key><value>" + n.ID + "</value>"} {
			if !strings.Contains(answer, part) {
				t.Errorf("%s is not in %s", part, answer)
			}
		}
		r.use(req)
		r.empty()
	}
	if answer := instances(t, moto); strings.Contains(answer, "<instanceId>") {
		t.Errorf("left in the cloud: %s", answer)
	}
	r.stop()
}

// instances is what moto says of instances that are there or coming.
func instances(t *testing.T, moto string) string {
	t.Helper()
	form := url.Values{
		"Action": {"DescribeInstances"}, "Version": {"2016-11-15"},
		"Filter.1.Name": {"instance-state-name"}, "Filter.1.Value.1": {"pending"}, "Filter.1.Value.2": {"running"},
	}
	q, err := http.NewRequest(http.MethodPost, moto+"/", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// Moto tells services apart by the signature, which it does not check.
	q.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %v %s", resp.Status, err, body)
	}
	return regexp.MustCompile(`>\s+<`).ReplaceAllString(string(body), "><")
}

// awsMirror installs the provider from a file.
func awsMirror(t *testing.T, provider string) (cliConfig string) {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "registry.terraform.io/hashicorp/aws/4.67.0", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(provider, filepath.Join(folder, "terraform-provider-aws_v4.67.0")); err != nil {
		t.Fatal(err)
	}
	cliConfig = filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)
	if err := os.WriteFile(cliConfig, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return cliConfig
}
