package lookup

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/aws"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

const file = `
name: p
driver: aws
region-name: us-east-1
rate: 100
cloud-images:
  - {name: new, username: ci, image-filters: [{name: name, values: ["ubuntu-*", "debian-*"]}, {name: owner-id, values: ["1"]}]}
  - {name: none, username: ci, image-filters: [{name: name, values: [nothing]}]}
  - {name: fixed, username: ci, image-id: ami-9}
pools:
  - name: main
    subnet-id: subnet-1
    labels:
      - {name: plain, key-name: k, cloud-image: fixed, instance-type: m5.large, volume-type: gp3, volume-size: 40}
      - {name: spot, key-name: k, cloud-image: new, instance-type: m5.large, use-spot: true}
      - {name: fleet, key-name: k, cloud-image: new, fleet: {instance-types: [m5.large, none.big], allocation-strategy: lowest-price}}
      - {name: gone, key-name: k, cloud-image: none, instance-type: m5.large}
      - {name: big, key-name: k, cloud-image: fixed, instance-type: none.big}
`

func cloud(t *testing.T) *Cloud {
	t.Helper()
	v, issues := schema.Parse("nodepool.yaml", []byte(file))
	if v == nil {
		t.Fatal(issues)
	}
	rep := schema.NewReport("nodepool.yaml", schema.Load, nil)
	m, _ := rep.Root(v).Mapping()
	m.Accept("name", "driver")
	p := aws.New(&driver.Scope{Provider: "p", Driver: "aws", IsLabel: func(string) bool { return true }})
	option.Read(p, m)
	if schema.HasErrors(rep.Issues()) {
		t.Fatal(rep.Issues())
	}
	return New(p)
}

// api answers the few calls with what EC2 answers them with, shortened, and keeps the forms.
func api(t *testing.T, answers map[string]string) *[]string {
	t.Helper()
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "ServiceQuotasV20190624.")
		if call == "" {
			_ = r.ParseForm()
			call = r.PostForm.Get("Action")
			for _, key := range []string{"Filter.1.Value.1", "Filter.1.Value.2", "Filter.2.Name", "NextToken", "InstanceId", "Latest"} {
				if v := r.PostForm.Get(key); v != "" {
					call += " " + v
				}
			}
		}
		asked = append(asked, call)
		if !strings.Contains(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=id/") {
			t.Errorf("%s is not signed", call)
		}
		answer, ok := answers[call]
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			answer = `<Response><Errors><Error><Code>AuthFailure</Code><Message>not you</Message></Error></Errors></Response>`
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(srv.Close)
	t.Setenv("AWS_ENDPOINT_URL", srv.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	return &asked
}

const sizes = `<R><instanceTypeSet><item><instanceType>m5.large</instanceType><vCpuInfo><defaultVCpus>2</defaultVCpus><defaultCores>1</defaultCores></vCpuInfo><memoryInfo><sizeInMiB>8192</sizeInMiB></memoryInfo></item></instanceTypeSet></R>`

func answers() map[string]string {
	return map[string]string{
		"DescribeImages ubuntu-* debian-* owner-id": `<R><imagesSet><item><imageId>ami-1</imageId><creationDate>2026-01-01T00:00:00.000Z</creationDate><rootDeviceName>/dev/sda1</rootDeviceName></item>
			<item><imageId>ami-2</imageId><creationDate>2026-02-01T00:00:00.000Z</creationDate><rootDeviceName>/dev/xvda</rootDeviceName></item></imagesSet></R>`,
		"DescribeImages nothing":                  `<R><imagesSet/></R>`,
		"DescribeInstanceTypes m5.large none.big": sizes,
		"DescribeInstanceTypes m5.large":          sizes,
		"DescribeSubnets subnet-1":                `<R><subnetSet><item><subnetId>subnet-1</subnetId><availabilityZone>us-east-1b</availabilityZone></item></subnetSet></R>`,
		"ListServiceQuotas":                       `{"Quotas": [{"QuotaCode": "L-1216C47A", "Value": 64}, {"QuotaCode": "L-7A658B76", "Value": 50}, {"QuotaCode": "L-OTHER", "Value": 1}]}`,
		"DescribeInstances pending running": `<R><reservationSet><item><instancesSet><item><instanceType>m5.large</instanceType><instanceLifecycle>spot</instanceLifecycle>
			<tagSet><item><key>nodepool_provider_name</key><value>p</value></item><item><key>nodepool_node_id</key><value>0000000007</value></item></tagSet></item></instancesSet></item></reservationSet></R>`,
	}
}

func TestLookup(t *testing.T) {
	asked := api(t, answers())
	got, err := cloud(t).Lookup(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	size := map[string]any{"instances": 1.0, "cores": 1.0, "ram": 8192.0, "L-1216C47A": 2.0}
	want := map[string]driver.Found{
		"plain": {ImageID: "ami-9", Resources: map[string]float64{"instances": 1, "cores": 1, "ram": 8192, "L-1216C47A": 2, "L-7A658B76": 40}},
		"spot":  {ImageID: "ami-2", Resources: map[string]float64{"instances": 1, "cores": 1, "ram": 8192, "L-34B43A08": 2}},
		"fleet": {ImageID: "ami-2", Given: map[string]any{"root_device": "/dev/xvda", "zone": "us-east-1b", "sizes": map[string]any{"m5.large": size}}},
		"gone":  {Missing: "the region has no AMI that matches the image-filters of none"},
		"big":   {Missing: "the region has no instance type none.big"},
	}
	labels := map[string]driver.Found{}
	for key, found := range got.Labels {
		labels[key.Label] = found
	}
	if d := cmp.Diff(want, labels); d != "" {
		t.Error(d)
	}
	if len(*asked) != 4 {
		t.Errorf("asked %q", *asked)
	}
}

func TestQuota(t *testing.T) {
	api(t, answers())
	got, err := cloud(t).Quota(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := driver.Quota{
		Limits:   map[string]float64{"L-1216C47A": 64, "L-7A658B76": 50_000},
		Machines: []driver.Machine{{Provider: "p", Node: "0000000007", Resources: map[string]float64{"instances": 1, "cores": 1, "ram": 8192, "L-34B43A08": 2}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestRefused(t *testing.T) {
	api(t, nil)
	_, err := cloud(t).Lookup(context.Background())
	var refused *driver.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "AuthFailure: not you") {
		t.Errorf("%v", err)
	}
}
