//go:build aws

package main

import (
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestAWSVanished: instances that somebody terminates are missed in EC2's list, and their nodes are replaced.
func TestAWSVanished(t *testing.T) {
	config := strings.NewReplacer("{name: capacity},", "{name: capacity, min-ready: 1},", "{name: fleet}", "{name: fleet, min-ready: 1}").Replace(motoShort) + `
      - name: e
        subnet-id: SUBNET
        security-group-id: GROUP
        labels: [{name: fleet, cloud-image: newest, key-name: ci, volume-size: 8, fleet: {instance-types: [m5.large], allocation-strategy: lowest-price}}]
`
	l := newEC2(t, config, func(o *rig.Options) { o.Terraform = "list-interval: 4" })
	l.start()
	ready := func() map[string]string { // the instance of each label's node
		out := map[string]string{}
		for _, n := range l.Nodes() {
			if n.State == record.NodeReady {
				out[n.Type[0]] = find(t, string(n.ExternalID), `"instance": ?"(.*?)"`)
			}
		}
		return out
	}
	l.eventually("both are ready", func() bool { return len(ready()) == 2 })
	first := ready()
	l.eventually("both are listed", func() bool { return l.count("DescribeLaunchTemplates") > 20 })
	for _, id := range first {
		l.ec2(t, "TerminateInstances", "InstanceId.1", id)
	}
	for label, id := range first {
		l.eventually("the node of "+label+" is replaced", func() bool { now := ready()[label]; return now != "" && now != id })
	}
	l.stop()
}
