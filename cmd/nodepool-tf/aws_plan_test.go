//go:build aws

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestAWSPlan plans what the sample configuration of the reference would make, with the real provider. Only ids, which no
// two accounts have in common, are moto's.
func TestAWSPlan(t *testing.T) {
	sample, err := os.ReadFile(filepath.Join(rig.Root(), "testdata/config/samples/sample-aws.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, config, _ := strings.Cut(string(sample), "\ntenant-resource-limits:")
	config = strings.NewReplacer(
		"subnet-0aa11bb22cc33dd44", "SUBNET", "sg-0123abcd0123abcd0", "GROUP", "eu-central-1", "us-east-1", "    profile-name: ci\n", "",
		"ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*", "ubuntu/images/*",
		"    rate: 4.5\n", "    provider-config: {aws: {endpoints: [{ec2: FRONT, sts: FRONT}]}}\n",
	).Replace("tenant-resource-limits:" + config)
	l := newEC2(t, config)
	l.connect()
	for _, label := range []string{"al2023-spot", "al2023-any", "mac-builder"} {
		l.submit(label)
	}
	out, err := l.Command(l.ctx, "plan").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	for _, resource := range []string{"aws_instance.node", "aws_launch_template.node", "aws_ec2_fleet.node", "aws_ec2_instance_state.node", "aws_ec2_host.node"} {
		if !strings.Contains(string(out), resource) {
			t.Errorf("%s is not planned", resource)
		}
	}
	for what, n := range l.bill(t) {
		if n > 0 {
			t.Errorf("plan made %d %s", n, what)
		}
	}
}
