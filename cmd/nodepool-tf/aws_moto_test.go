//go:build aws

package main

import (
	"encoding/xml"
	"net/http"
	"regexp"
	"testing"
)

// motoInstance is what EC2 says of an instance.
type motoInstance struct {
	ID        string   `xml:"instanceId"`
	Key       string   `xml:"keyName"`
	Lifecycle string   `xml:"instanceLifecycle"`
	Zone      string   `xml:"placement>availabilityZone"`
	Host      string   `xml:"placement>hostId"`
	Tokens    string   `xml:"metadataOptions>httpTokens"`
	Profile   string   `xml:"iamInstanceProfile>arn"`
	PublicIP  string   `xml:"ipAddress"`
	PrivateIP string   `xml:"privateIpAddress"`
	IPv6      string   `xml:"networkInterfaceSet>item>ipv6AddressesSet>item>ipv6Address"`
	Volume    string   `xml:"blockDeviceMapping>item>ebs>volumeId"`
	Tags      motoTags `xml:"tagSet"`
}

type motoVolume struct {
	Type       string   `xml:"volumeType"`
	Size       int      `xml:"size"`
	IOPS       int      `xml:"iops"`
	Throughput int      `xml:"throughput"`
	Tags       motoTags `xml:"tagSet"`
}

type motoTags map[string]string

func (t *motoTags) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var set struct {
		Items []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"item"`
	}
	err := d.DecodeElement(&set, &start)
	*t = motoTags{}
	for _, i := range set.Items {
		(*t)[i.Key] = i.Value
	}
	return err
}

// account empties moto and makes in it what an account has before any node; the names are those in motoConfig.
func (f *front) account(t *testing.T) map[string]string {
	t.Helper()
	resp, err := http.Post(f.moto+"/moto-api/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	f.ec2(t, "CreateKeyPair", "KeyName", "ci")
	f.call(t, "iam", "2010-05-08", "CreateInstanceProfile", "InstanceProfileName", "ci")
	vpc := f.ec2(t, "CreateVpc", "CidrBlock", "10.9.0.0/16", "AmazonProvidedIpv6CidrBlock", "true")
	id := find(t, vpc, `<vpcId>(.*?)<`)
	subnet := f.ec2(t, "CreateSubnet", "VpcId", id, "CidrBlock", "10.9.0.0/20", "Ipv6CidrBlock", find(t, vpc, `<ipv6CidrBlock>(.*?)/`)+"/64")
	return map[string]string{
		"SUBNET":  find(t, subnet, `<subnetId>(.*?)<`),
		"GROUP":   find(t, f.ec2(t, "CreateSecurityGroup", "VpcId", id, "GroupName", "ci", "GroupDescription", "ci"), `<groupId>(.*?)<`),
		"DEFAULT": find(t, f.ec2(t, "CreateSecurityGroup", "GroupName", "ci", "GroupDescription", "ci"), `<groupId>(.*?)<`),
	}
}

func find(t *testing.T, text, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%s is not in %s", pattern, text)
	}
	return m[1]
}

func (f *front) ec2(t *testing.T, action string, args ...string) string {
	t.Helper()
	return f.call(t, "ec2", "2016-11-15", action, args...)
}

// tagged are the instances of a node that are there or coming.
func (f *front) tagged(t *testing.T, node string) []motoInstance {
	t.Helper()
	var out struct {
		Instances []motoInstance `xml:"reservationSet>item>instancesSet>item"`
	}
	answer := f.ec2(t, "DescribeInstances", "Filter.1.Name", "tag:nodepool_node_id", "Filter.1.Value.1", node,
		"Filter.2.Name", "instance-state-name", "Filter.2.Value.1", "pending", "Filter.2.Value.2", "running")
	if err := xml.Unmarshal([]byte(answer), &out); err != nil {
		t.Fatal(err)
	}
	return out.Instances
}

func (f *front) volume(t *testing.T, id string) (v motoVolume) {
	t.Helper()
	var out struct {
		Volumes []motoVolume `xml:"volumeSet>item"`
	}
	answer := f.ec2(t, "DescribeVolumes", "VolumeId.1", id)
	if err := xml.Unmarshal([]byte(answer), &out); err != nil || len(out.Volumes) != 1 {
		t.Fatalf("%v %s", err, answer)
	}
	return out.Volumes[0]
}

// userData is that of an instance, in base64.
func (f *front) userData(t *testing.T, id string) string {
	t.Helper()
	return find(t, f.ec2(t, "DescribeInstanceAttribute", "InstanceId", id, "Attribute", "userData"), `<value>(.*?)<`)
}

// bill counts what an account pays for.
func (f *front) bill(t *testing.T) map[string]int {
	t.Helper()
	count := func(pattern, action string, args ...string) int {
		return len(regexp.MustCompile(pattern).FindAllString(f.ec2(t, action, args...), -1))
	}
	return map[string]int{
		"instances": count(`<instanceId>`, "DescribeInstances", "Filter.1.Name", "instance-state-name", "Filter.1.Value.1", "pending", "Filter.1.Value.2", "running",
			"Filter.1.Value.3", "stopping", "Filter.1.Value.4", "stopped"),
		"volumes":          count(`<createTime>`, "DescribeVolumes"),
		"dedicated hosts":  count(`<state>available</state>`, "DescribeHosts"),
		"launch templates": count(`<launchTemplateId>`, "DescribeLaunchTemplates"),
		"fleets":           count(`<fleetState>active</fleetState>`, "DescribeFleets"),
		"addresses":        count(`<publicIp>`, "DescribeAddresses"),
	}
}
