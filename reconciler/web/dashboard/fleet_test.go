package dashboard

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// empty is a launcher that has just been started.
func empty() *status.Snapshot {
	return &status.Snapshot{
		At: noon, Version: "nodepool-tf 1.0.0", Host: "launcher01.example.org", Started: noon.Add(-90 * time.Second), Session: status.Connected,
		Config: status.Config{File: "/etc/nodepool/nodepool.yaml", Loaded: noon.Add(-90 * time.Second)},
	}
}

// fleet is a launcher with work, whose providers have n nodes together.
func fleet(n int) *status.Snapshot {
	s := empty()
	s.Started, s.Config.Loaded = noon.Add(-26*time.Hour), noon.Add(-26*time.Hour)
	labels := []string{"small", "large", "arm64", "gpu"}
	for p, name := range []string{"hetzner", "openstack-north", "aws"} {
		provider := status.Provider{Name: name, Driver: "terraform", Driven: true, Up: true}
		pools := []string{"main", "spot"}[:1+p%2]
		for i, pool := range pools {
			limit := float64(n)*0.3 + 5
			s.Pools = append(s.Pools, status.Pool{
				Provider: name, Name: pool, Labels: labels[:2+p%3], Registered: true, Paused: p == 1 && i == 0,
				Limits: map[string]float64{"instances": float64(int(limit)), "cores": float64(n), "ram": float64(n * 4096)},
				Used:   map[string]float64{"instances": float64(n) / 4, "cores": float64(n) * 0.6, "ram": float64(n) * 3072},
			})
		}
		s.Providers = append(s.Providers, provider)
	}
	s.Providers[0].Work = workspace.ProviderStats{Creating: 3, CreatesWaiting: 12, Destroying: 1}
	for i := range n {
		pool := s.Pools[i%len(s.Pools)]
		node := &record.Node{
			ID: fmt.Sprintf("%010d", i), Provider: pool.Provider, Pool: pool.Name, Type: []string{pool.Labels[i%len(pool.Labels)]},
			State: stateOf(i), StateTime: float64(noon.Unix() - int64(i*37%90000)), InterfaceIP: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255),
			Hostname: fmt.Sprintf("np%010d", i), DriverData: json.RawMessage(`{"token":"tops3cret"}`), UserData: json.RawMessage(`"tops3cret"`),
			ConnectionPort: json.RawMessage(`{"token":"tops3cret"}`),
		}
		if node.State == record.NodeInUse {
			node.AllocatedTo, node.TenantName = fmt.Sprintf("200-%010d", i), "openinfra"
		}
		if node.State == record.NodeHold {
			node.HoldJob, node.Comment = "opendev/zuul tox-py312", "debugging"
		}
		s.Nodes = append(s.Nodes, status.Node{Node: node, Locked: node.State == record.NodeInUse || node.State == record.NodeBuilding, LockKnown: true})
	}
	return s
}

// stateOf spreads the states as a busy launcher has them.
func stateOf(i int) record.NodeState {
	switch i % 20 {
	case 0, 1:
		return record.NodeBuilding
	case 2, 3, 4:
		return record.NodeReady
	case 18:
		return record.NodeUsed
	case 19:
		return record.NodeDeleting
	}
	if i%133 == 5 {
		return record.NodeHold
	}
	if i%211 == 7 {
		return record.NodeFailed
	}
	return record.NodeInUse
}

// said is what clouds say.
var said = map[string]string{
	"capacity": "Error creating server: resource_unavailable: the location nbg1 has currently no capacity for server type cx22 (error code 412)",
	"auth":     "Error: operation error EC2: RunInstances: AuthFailure: AWS was not able to validate the provided access credentials",
	"unknown":  "Error: provider produced inconsistent result after apply: root object was present, but now absent",
	"quota":    "Error creating server: resource_limit_exceeded: server limit exceeded (error code 403)",
	"timeout":  "no SSH host keys from 203.0.113.20:22 within boot-timeout: i/o timeout",
}

// busy adds requests, runs and failures.
func busy(s *status.Snapshot, requests int) *status.Snapshot {
	for i := range requests {
		created := float64(noon.Unix() - int64(5+i*11%4000))
		r := &record.Request{
			ID: fmt.Sprintf("%d-%010d", 100+i%2*100, i), State: record.RequestRequested, NodeTypes: []string{"small", "small", "large"}[:1+i%3],
			Requestor: "zuul-main", TenantName: []string{"openinfra", "kolla", ""}[i%3], CreatedTime: &created,
		}
		v := status.Request{Request: r, Age: noon.Sub(time.Unix(int64(created), 0)), Waits: "openstack-north/main: quota (instances)"}
		if i%4 == 0 {
			r.State = record.RequestPending
			v.Provider, v.Pool, v.Ready, v.Waits = "hetzner", "main", i%2, "1 × being made"
		}
		s.Requests = append(s.Requests, v)
	}
	for i := range 9 {
		s.Runs = append(s.Runs, workspace.Run{
			Workspace: fmt.Sprintf("hetzner-%04x1f", 4242+i*977), Provider: "hetzner", Kind: "create", Since: noon.Add(-time.Duration(90-i*9) * time.Second),
			Nodes: 1 + i*3, NodesDone: i, Resources: max(0, 2+i*6-7), ResourcesDone: i * 3,
		})
	}
	for i, class := range []string{"capacity", "auth", "unknown", "quota", "timeout"} {
		s.Failures = append(s.Failures, status.Failure{
			At: noon.Add(-time.Duration(40+i*340) * time.Second), Op: "launch", Provider: "hetzner", Pool: "main", Label: "small", Node: fmt.Sprintf("%010d", 1200+i),
			Request: "200-0000000042", Workspace: "hetzner-10921f", Attempt: 1 + i%3, Class: class,
			Text:  said[class],
			Next:  "the label's next choice; what has no capacity is left out for a while",
			Block: "module \"n0000001200-1\" {\n  source      = \"./modules/server\"\n  name        = \"np0000001200\"\n  server_type = \"cx22\"\n  location    = \"nbg1\"\n  labels = {\n    zuul_node = \"0000001200\"\n  }\n}\n",
		})
	}
	if len(s.Providers) > 2 {
		p := &s.Providers[2]
		p.Up, p.LastFailure = false, &s.Failures[1]
		s.Pools[len(s.Pools)-1].Stopped = []status.StoppedLabel{{Label: "gpu", Reason: "AuthFailure: AWS was not able to validate the provided access credentials", Until: noon.Add(4 * time.Minute)}}
		s.Pools[1].QuotaRefused = noon.Add(25 * time.Second)
		s.Tenants = []status.Tenant{{Name: "openinfra", Limits: map[string]float64{"instances": 100, "cores": 400}, Used: map[string]float64{"instances": 64, "cores": 400}}}
	}
	s.Leaks = []status.Leak{{Provider: "hetzner", Type: "hcloud_server", Left: 2}}
	return s
}
