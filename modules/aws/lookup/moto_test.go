//go:build aws

package lookup

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// TestMoto asks a real moto server, where NODEPOOL_TF_MOTO is (make test-aws).
func TestMoto(t *testing.T) {
	moto := os.Getenv("NODEPOOL_TF_MOTO")
	t.Setenv("AWS_ENDPOINT_URL", moto)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	if resp, err := http.Post(moto+"/moto-api/reset", "", nil); err != nil {
		t.Fatal(err)
	} else {
		resp.Body.Close()
	}
	c, ctx := cloud(t), context.Background()
	p := c.provider
	p.CloudImages.List[0].ImageFilters[0].Values = []string{"ubuntu/images/*", "amzn*"}
	p.CloudImages.List[0].ImageFilters = p.CloudImages.List[0].ImageFilters[:1]
	s, err := c.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var subnets struct {
		IDs []string `xml:"subnetSet>item>subnetId"`
	}
	if err := s.ec2(ctx, "DescribeSubnets", url.Values{}, &subnets); err != nil || len(subnets.IDs) == 0 {
		t.Fatalf("%v %v", subnets, err)
	}
	p.Pools.List[0].SubnetID = subnets.IDs[0]
	got, err := c.Lookup(ctx)
	if err != nil {
		t.Fatal(err)
	}
	at := func(label string) driver.Found { return got.Labels[driver.LabelKey{Pool: "main", Label: label}] }
	if l := at("spot"); !strings.HasPrefix(l.ImageID, "ami-") || l.Resources["cores"] != 1 || l.Resources["ram"] != 8192 || l.Resources["L-34B43A08"] != 2 {
		t.Errorf("%+v", l)
	}
	if l := at("fleet"); l.Missing != "" || l.Given["zone"] == nil || l.Given["root_device"] == nil {
		t.Errorf("%+v", l)
	}
	if at("gone").Missing == "" || at("big").Missing == "" {
		t.Errorf("%+v", got)
	}
	t.Logf("%+v", got)
	// Moto has no ListServiceQuotas: only what counts against them.
	if m, err := s.machines(ctx); err != nil {
		t.Errorf("%v %v", m, err)
	}
	marked := func(resource string, args ...string) url.Values {
		form := url.Values{"TagSpecification.1.ResourceType": {resource}, "TagSpecification.1.Tag.1.Key": {"nodepool_provider_name"}, "TagSpecification.1.Tag.1.Value": {"p"}}
		for i := 0; i < len(args); i += 2 {
			form.Set(args[i], args[i+1])
		}
		return form
	}
	for action, form := range map[string]url.Values{
		"RunInstances": marked("instance", "ImageId", at("spot").ImageID, "InstanceType", "m5.large", "MinCount", "1", "MaxCount", "1",
			"TagSpecification.1.Tag.2.Key", "Name", "TagSpecification.1.Tag.2.Value", "np0000000007"),
		"CreateVolume":         marked("volume", "AvailabilityZone", "us-east-1a", "Size", "8"),
		"AllocateHosts":        marked("dedicated-host", "AvailabilityZone", "us-east-1a", "InstanceType", "m5.large", "Quantity", "1"),
		"CreateLaunchTemplate": marked("launch-template", "LaunchTemplateName", "t", "LaunchTemplateData.InstanceType", "m5.large"),
	} {
		if err := s.ec2(ctx, action, form, &struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := c.List(ctx)
	for _, r := range listed {
		if r.ID == "" || r.Created.IsZero() {
			t.Errorf("%+v", r)
		}
	}
	if err != nil || len(listed) != len(kinds) {
		t.Errorf("listed %+v, %v", listed, err)
	}
	if text, err := c.Console(ctx, "np0000000007"); err != nil || !strings.Contains(text, "Linux version") {
		t.Errorf("console %q %v", text, err)
	}
}
