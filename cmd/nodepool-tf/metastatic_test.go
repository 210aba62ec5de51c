package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// slotRig has backing nodes that take no time, and a provider that shares them out.
type slotRig struct{ *testRig }

const hostConfig = `  - name: local
    driver: terraform
    region: here
    module: {source: %INSTANT%}
    pools:
      - name: main
        host-key-checking: false
        node-attributes: {zone: eu, tier: host}
        labels:
          - {name: host, username: worker, connection-port: 2222, python-path: /usr/bin/python3, inputs: {name: "${node.hostname}"}}
`

const slotConfig = `  - name: slots
    driver: metastatic
    pools:
      - name: main
        max-servers: 5
        node-attributes: {tier: slot}
        labels:
          - {name: slot, backing-label: host, max-parallel-jobs: 2, %s}
`

const slotLabels = "labels: [{name: host}, {name: slot}]\nproviders:\n"

// newSlotRig has both in one launcher; settings are those of the slots' label.
func newSlotRig(t *testing.T, settings string, change ...func(*rig.Options)) *slotRig {
	t.Helper()
	return &slotRig{newRig(t, slotLabels+hostConfig+fmt.Sprintf(slotConfig, settings), change...)}
}

// take asks for slots, one request each, and holds their nodes as jobs do.
func (r *slotRig) take(n int) (held []*job) {
	r.t.Helper()
	var ids []string
	for range n {
		ids = append(ids, r.submit("slot"))
	}
	for _, id := range ids {
		held = append(held, r.begin(r.wait(id, record.RequestFulfilled)))
	}
	r.distinct()
	return held
}

// job is a node in a job's hands.
type job struct {
	node *record.Node
	at   metastatic.Place
	end  func()
}

func (r *slotRig) begin(req *record.Request) *job {
	r.t.Helper()
	held, err := r.Accept(r.ctx, req)
	if err == nil {
		err = r.Set(r.ctx, held, record.NodeInUse)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	n := r.Nodes()[req.Nodes[0]]
	return &job{node: n, at: metastatic.PlaceOf(n), end: func() {
		r.t.Helper()
		if err := r.Return(r.ctx, held); err != nil {
			r.t.Fatal(err)
		}
	}}
}

// distinct fails when two nodes have one slot, or one has a slot that its backing node has not.
func (r *slotRig) distinct() {
	r.t.Helper()
	nodes := r.Nodes()
	taken := map[metastatic.Place]string{}
	for _, n := range nodes {
		at := metastatic.PlaceOf(n)
		if at.Backing == "" {
			continue
		}
		if other := taken[at]; other != "" {
			r.t.Errorf("nodes %s and %s have slot %+v", other, n.ID, at)
		}
		taken[at] = n.ID
		if b := nodes[at.Backing]; b != nil {
			if m, ok := metastatic.MarkOf(b); ok && at.Slot >= m.Slots {
				r.t.Errorf("node %s has slot %d of %d", n.ID, at.Slot, m.Slots)
			}
		}
	}
}

// hosts are the backing nodes that are held.
func (r *slotRig) hosts() (ids []string) {
	for id, n := range r.Nodes() {
		if n.Provider == "local" && n.State == record.NodeInUse {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestMetastatic is the life of slots: two share a backing node, a third gets another one, and what idles is given back.
func TestMetastatic(t *testing.T) {
	r := newSlotRig(t, "grace-time: 1")
	r.start()
	jobs := r.take(3)
	hosts := map[string]int{}
	for _, j := range jobs {
		hosts[j.at.Backing]++
	}
	if len(hosts) != 2 {
		t.Errorf("three slots of two are on %v", hosts)
	}
	n := jobs[0].node
	b := r.Nodes()[jobs[0].at.Backing]
	m, ok := metastatic.MarkOf(b)
	if !ok || m.Owner != "NodePool:metastatic:slots" || m.Label != "slot" || m.Slots != 2 || m.Failed || m.Launched == 0 ||
		b.Requestor != m.Owner || !strings.HasPrefix(b.AllocatedTo, "100-") || b.State != record.NodeInUse {
		t.Errorf("backing node %s", b.Encode())
	}
	want := fmt.Sprintf(`{"metadata":{"nodepool_node_id":%q,"nodepool_pool_name":"main","nodepool_provider_name":"slots"},"backing_node":%q,"slot":%d,"node":%q}`, n.ID, b.ID, *n.Slot, n.ID)
	if string(n.DriverData) != want || string(n.ExternalID) != `"`+n.ID+`"` || n.ImageID != "unused" || n.InterfaceIP != b.InterfaceIP || n.PublicIPv4 != "127.0.0.1" ||
		n.Region != "here" || n.Username != "worker" || n.PythonPath != "/usr/bin/python3" || string(n.ConnectionPort) != "2222" || n.ConnectionType != "ssh" || n.Hostname != "" ||
		string(n.Attributes) != `{"tier":"slot","zone":"eu"}` || n.Resources["instances"] != 1 || len(n.Resources) != 3 {
		t.Errorf("slot %s", n.Encode())
	}
	r.listShows(n)
	for _, id := range r.Requests() {
		if strings.HasPrefix(id, "100-") {
			t.Errorf("request %s for a backing node is left", id)
		}
	}
	r.wait(r.submit("slot", "slot", "slot", "slot", "slot", "slot"), record.RequestFailed) // max-servers is 5
	free := jobs[0].at
	jobs[0].end()
	r.eventually("the slot is free", func() bool { return r.Nodes()[n.ID] == nil })
	if again := r.take(1)[0]; again.at != free {
		t.Errorf("slot %+v was free, and %+v was given", free, again.at)
	} else {
		again.end()
	}
	for _, j := range jobs[1:] {
		j.end()
	}
	r.logged("no slot was in use for grace-time")
	r.empty()
}

// listShows looks for the slot in what `list` says.
func (r *slotRig) listShows(n *record.Node) {
	r.t.Helper()
	out, err := r.Command(r.ctx, "list", "--detail", "--output", "json").Output()
	var rows []map[string]any
	if err == nil {
		err = json.Unmarshal(out, &rows)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	for _, row := range rows {
		if row["id"] == n.ID && row["server_id"] == n.ID && strings.Contains(fmt.Sprint(row["driver_data"]), "backing_node") {
			return
		}
	}
	r.t.Errorf("list does not show node %s: %s", n.ID, out)
}
