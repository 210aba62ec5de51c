package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

func TestRequestToGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	req := r.wait(r.submit("small", "large", "small"), record.RequestFulfilled)
	if len(req.Nodes) != 3 {
		t.Fatalf("nodes %v, want three", req.Nodes)
	}
	seen := map[string]bool{}
	for i, id := range req.Nodes {
		n := r.Nodes()[id]
		if n == nil || seen[id] {
			t.Fatalf("node %s is missing or listed twice", id)
		}
		seen[id] = true
		if n.State != record.NodeReady || n.AllocatedTo != req.ID || n.Type[0] != req.NodeTypes[i] {
			t.Errorf("node %s: state %s, allocated to %s, label %v; want ready, %s, %s", id, n.State, n.AllocatedTo, n.Type, req.ID, req.NodeTypes[i])
		}
		port, _ := n.Port()
		want := map[string][2]any{
			"provider": {n.Provider, "local"}, "pool": {n.Pool, "main"}, "address": {n.InterfaceIP, "127.0.0.1"}, "public_ipv4": {n.PublicIPv4, "127.0.0.1"},
			"connection type": {n.ConnectionType, "ssh"}, "python path": {n.PythonPath, "auto"}, "tenant": {n.TenantName, "acme"}, "region": {n.Region, "here"},
			"attributes": {string(n.Attributes), `{"executor-zone":"eu"}`}, "instances": {n.Resources["instances"], 1.0},
		}
		if n.Type[0] == "large" {
			want["port"], want["username"], want["cores"] = [2]any{port, 2222}, [2]any{n.Username, "worker"}, [2]any{n.Resources["cores"], 4.0}
		} else {
			want["port"] = [2]any{port, 22}
		}
		for what, v := range want {
			if v[0] != v[1] {
				t.Errorf("node %s: %s is %v, want %v", id, what, v[0], v[1])
			}
		}
	}
	r.use(req)
	r.empty()
	r.stop()
}

// TestRecordsHaveAllKeys looks at what Zuul reads: every key of protocol.md 2.1 and 2.2, and none that collides.
func TestRecordsHaveAllKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	check := func(path string, keys ...string) {
		t.Helper()
		data, _, err := r.s.Get(r.ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if _, ok := m[k]; !ok {
				t.Errorf("%s lacks %s", path, k)
			}
		}
		for _, k := range []string{"label", "lock", "stat", "name"} {
			if _, ok := m[k]; ok {
				t.Errorf("%s has the forbidden key %s", path, k)
			}
		}
	}
	check("/nodepool/requests/"+req.ID, "state", "state_time", "node_types", "nodes", "declined_by", "requestor", "requestor_data", "provider",
		"relative_priority", "event_id", "created_time", "tenant_name", "reuse")
	check("/nodepool/nodes/"+req.Nodes[0], "state", "state_time", "cloud", "provider", "pool", "type", "allocated_to", "az", "region", "public_ipv4",
		"private_ipv4", "public_ipv6", "host_id", "interface_ip", "connection_port", "ssh_port", "connection_type", "username", "python_path", "shell_type",
		"image_id", "launcher", "created_time", "external_id", "hostname", "comment", "user_data", "hold_job", "hold_expiration", "host_keys", "resources",
		"slot", "attributes", "tenant_name", "driver_data", "requestor", "node_properties")
}

// TestSpareNodeIsReused cancels a request after it was fulfilled: its node returns to the pool and serves the next.
func TestSpareNodeIsReused(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	if err := r.Cancel(r.ctx, req.ID); err != nil {
		t.Fatal(err)
	}
	r.eventually("node is free", func() bool { n := r.Nodes()[req.Nodes[0]]; return n != nil && n.AllocatedTo == "" })
	again := r.wait(r.submit("small"), record.RequestFulfilled)
	if again.Nodes[0] != req.Nodes[0] {
		t.Errorf("the request got node %s, not the spare %s", again.Nodes[0], req.Nodes[0])
	}
}

// TestQuotaPausesAndGoesOn fills a pool of two; the third request waits, pending, until a node is given back.
func TestQuotaPausesAndGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig, quota("2")).start()
	r.gate("open")
	a, b := r.wait(r.submit("gated"), record.RequestFulfilled), r.wait(r.submit("gated"), record.RequestFulfilled)
	c := r.submit("gated")
	r.eventually("third request is pending", func() bool { q := r.Request(c); return q != nil && q.State == record.RequestPending })
	hopeless := r.wait(r.submit("nobody-has-this"), record.RequestFailed) // a paused pool still declines
	_ = r.Cancel(r.ctx, hopeless.ID)
	r.use(a)
	r.use(r.wait(c, record.RequestFulfilled))
	r.use(b)
	r.empty()
	if n := r.books(); n["create"] != 3 || n["destroy"] != 3 {
		t.Errorf("books: %v, want three created and destroyed", n)
	}
}

// TestMinReady keeps two nodes ready, and two again after one was used. Its own requests leave nothing behind.
func TestMinReady(t *testing.T) {
	t.Parallel()
	r := newRig(t, strings.Replace(instantConfig, "{name: small}", "{name: small, min-ready: 2}", 1)).start()
	spare := func() bool {
		n := 0
		for _, node := range r.Nodes() {
			if node.State == record.NodeReady && node.AllocatedTo == "" {
				n++
			}
		}
		return n == 2 && len(r.Nodes()) == 2 && len(r.Requests()) == 0
	}
	r.eventually("two ready nodes", spare)
	was := r.Nodes()
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	if was[req.Nodes[0]] == nil {
		t.Errorf("node %s was launched although two were ready", req.Nodes[0])
	}
	r.use(req)
	r.eventually("two ready nodes again", spare)
}
