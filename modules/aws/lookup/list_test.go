package lookup

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

const mark = `<tagSet><item><key>nodepool_provider_name</key><value>p</value></item><item><key>nodepool_node_id</key><value>0000000007</value></item></tagSet>`

// TestList: what EC2 lists by our mark, page by page; a host that has an instance, or another's name, is left out.
func TestList(t *testing.T) {
	asked := api(t, map[string]string{
		"DescribeInstances p instance-state-name": `<R><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><launchTime>2026-01-02T03:04:05.000Z</launchTime>` + mark + `</item></instancesSet></item></reservationSet></R>`,
		"DescribeHosts nodepool_provider_name state": `<R><hostSet><item><hostId>h-1</hostId><allocationTime>2026-01-02T03:04:05Z</allocationTime><instances/>` + mark + `</item>
			<item><hostId>h-2</hostId><instances><item><instanceId>i-1</instanceId></item></instances>` + mark + `</item>
			<item><hostId>h-3</hostId>` + strings.Replace(mark, ">p<", ">q<", 1) + `</item></hostSet></R>`,
		"DescribeVolumes p status":     `<R><volumeSet><item><volumeId>vol-1</volumeId><createTime>no time</createTime><attachmentSet/>` + mark + `</item></volumeSet><nextToken>two</nextToken></R>`,
		"DescribeVolumes p status two": `<R><volumeSet/></R>`,
		"DescribeLaunchTemplates p":    `<R><launchTemplates><item><launchTemplateId>lt-1</launchTemplateId><createTime>2026-01-02T03:04:05.000Z</createTime>` + mark + `</item></launchTemplates></R>`,
	})
	got, err := cloud(t).List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string]string{"nodepool_provider_name": "p", "nodepool_node_id": "0000000007"}
	born := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := []driver.Resource{
		{Type: "aws_instance", ID: "i-1", Tags: tags, Created: born},
		{Type: "aws_ec2_host", ID: "h-1", Tags: tags, Created: born},
		{Type: "aws_ebs_volume", ID: "vol-1", Tags: tags},
		{Type: "aws_launch_template", ID: "lt-1", Tags: tags, Created: born},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(*asked) != 5 {
		t.Errorf("asked %q", *asked)
	}
}

func TestListRefused(t *testing.T) {
	api(t, nil)
	if _, err := cloud(t).List(context.Background()); err == nil || !strings.Contains(err.Error(), "list of aws_instance: DescribeInstances: AuthFailure") {
		t.Errorf("%v", err)
	}
}
