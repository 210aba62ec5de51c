//go:build aws

package main

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// motoShort has labels whose instance types a front can tell apart, in pools of their own: a quota pauses a pool.
const motoShort = `
labels: [{name: capacity}, {name: quota}, {name: throttle}, {name: auth}, {name: fleet}]
providers:
  - name: moto
    driver: aws
    region-name: us-east-1
    rate: 0
    launch-retries: 2
    launch-timeout: 300
    host-key-checking: false
    provider-config: {aws: {endpoints: [{ec2: FRONT, sts: FRONT}], skip_metadata_api_check: "true"}}
    cloud-images: [{name: newest, username: ci, image-filters: [{name: name, values: ["ubuntu/images/*"]}]}]
    pools:
      - {name: a, labels: [{name: capacity, cloud-image: newest, instance-type: m5.large, key-name: ci, volume-size: 8}]}
      - {name: b, labels: [{name: quota, cloud-image: newest, instance-type: m5.xlarge, key-name: ci, volume-size: 8}]}
      - {name: c, labels: [{name: throttle, cloud-image: newest, instance-type: m5.2xlarge, key-name: ci, volume-size: 8}]}
      - {name: d, labels: [{name: auth, cloud-image: newest, instance-type: m5.4xlarge, key-name: ci, volume-size: 8}]}
`

// TestAWSRefusals: what EC2 answers when it makes no instance is understood in the words of the real provider, and acted
// upon: who waits is served once EC2 makes instances again.
func TestAWSRefusals(t *testing.T) {
	l := newEC2(t, motoShort)
	l.refuse(map[string]denial{
		"RunInstances m5.large":   {500, "InsufficientInstanceCapacity", "We currently do not have sufficient m5.large capacity in the Availability Zone you requested (us-east-1a). Our system will be working on provisioning additional capacity."},
		"RunInstances m5.xlarge":  {400, "VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the specified instance type belongs to."},
		"RunInstances m5.2xlarge": {503, "RequestLimitExceeded", "Request limit exceeded."},
		"RunInstances m5.4xlarge": {403, "UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm"},
	})
	l.start()
	requests := map[string]string{}
	for _, class := range []string{"capacity", "quota", "throttle", "auth"} {
		requests[class] = l.submit(class)
	}
	for class := range requests {
		told := regexp.MustCompile(` label=` + class + ` .* class=` + class + ` `)
		l.eventually(class+" is understood", func() bool { return told.MatchString(l.Log()) })
	}
	l.logged("label is stopped: this pool declines requests for it")
	l.refuse(nil)
	for _, class := range []string{"quota", "throttle"} {
		l.use(l.wait(requests[class], record.RequestFulfilled))
	}
	for _, line := range strings.Split(l.Log(), "\n") {
		if strings.Contains(line, "class=") {
			t.Log(line)
		}
	}
	l.stop()
}

// TestAWSQuota: what Service Quotas do not grant waits, and what they never grant is declined; EC2 is not asked in vain.
func TestAWSQuota(t *testing.T) {
	l := newEC2(t, strings.Replace(motoShort, "labels: [{name: capacity},", "labels: [{name: none}, {name: capacity},", 1))
	l.grant(`{"Quotas": [{"QuotaCode": "L-1216C47A", "Value": 2}]}`)
	l.start()
	first := l.wait(l.submit("capacity"), record.RequestFulfilled)
	second := l.submit("capacity")
	l.wait(l.submit("quota"), record.RequestFailed) // of four vCPUs
	l.logged("it needs more L-1216C47A than the cloud grants provider moto: 4 of 2")
	l.eventually("it waits", func() bool { r := l.Request(second); return r != nil && r.State == record.RequestPending })
	if n := l.count("RunInstances"); n != 1 {
		t.Errorf("%d instances were asked for", n)
	}
	l.use(first)
	l.use(l.wait(second, record.RequestFulfilled))
	l.gone()
	l.stop()
}

// TestAWSLeaks: what is tagged as ours and known to nobody goes, of each kind; what belongs to others stays.
func TestAWSLeaks(t *testing.T) {
	l := newEC2(t, strings.Replace(motoShort, "launch-retries: 2", "launch-retries: 2\n    clean-leaked: true", 1), func(o *rig.Options) { o.Terraform = "list-interval: 4" })
	l.start()
	l.use(l.wait(l.submit("capacity"), record.RequestFulfilled))
	l.gone()
	plant := func(provider string) {
		tags := func(resource string) []string {
			out := []string{"TagSpecification.1.ResourceType", resource}
			marks := [][2]string{{"nodepool_provider_name", provider}, {"nodepool_node_id", "0000004711"}, {"nodepool_tf_launcher", l.stateID()}}
			for i, m := range marks {
				tag := "TagSpecification.1.Tag." + strconv.Itoa(i+1)
				out = append(out, tag+".Key", m[0], tag+".Value", m[1])
			}
			return out
		}
		image := find(t, l.ec2(t, "DescribeImages", "Filter.1.Name", "name", "Filter.1.Value.1", "ubuntu/images/*"), `<imageId>(.*?)<`)
		l.ec2(t, "RunInstances", append(tags("instance"), "ImageId", image, "InstanceType", "m5.large", "MinCount", "1", "MaxCount", "1",
			"BlockDeviceMapping.1.DeviceName", "/dev/sda1", "BlockDeviceMapping.1.Ebs.VolumeSize", "8", "BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true")...)
		l.ec2(t, "CreateVolume", append(tags("volume"), "AvailabilityZone", "us-east-1a", "Size", "8")...)
		l.ec2(t, "AllocateHosts", append(tags("dedicated-host"), "AvailabilityZone", "us-east-1a", "InstanceType", "m5.large", "Quantity", "1")...)
		l.ec2(t, "CreateLaunchTemplate", append(tags("launch-template"), "LaunchTemplateName", "left-"+provider, "LaunchTemplateData.InstanceType", "m5.large")...)
	}
	plant("moto")
	plant("other")
	for _, kind := range []string{"aws_instance", "aws_ebs_volume", "aws_ec2_host", "aws_launch_template"} {
		removed := regexp.MustCompile(`msg="leaked resource removed" provider=moto type=` + kind + ` `)
		l.eventually("a leaked "+kind+" goes", func() bool { return removed.MatchString(l.Log()) })
	}
	want := map[string]int{"instances": 1, "volumes": 2, "dedicated hosts": 1, "launch templates": 1} // of the other
	for what, n := range l.bill(t) {
		if n != want[what] {
			t.Errorf("%d %s, want %d", n, what, want[what])
		}
	}
	l.stop()
}
