package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// otherConfig offers large and both where instantConfig offers small and large.
const otherConfig = `
labels: [{name: both}, {name: large}]
providers:
  - name: far
    driver: terraform
    module: {source: %INSTANT%}
    pools:
      - name: other
        host-key-checking: false
        labels: [{name: both, inputs: {name: x}}, {name: large, inputs: {name: x}}]
`

// TestOtherPools: two launchers with different providers, pools and labels on one ZooKeeper. Each request goes where it can be
// served; one that neither serves alone fails once both have declined it; and when one launcher dies, its labels go with
// it, its nodes stay, and what the other offers is served as ever.
func TestOtherPools(t *testing.T) {
	t.Parallel()
	config := strings.NewReplacer("{name: large}", "{name: both}", "- name: large", "- name: both").Replace(instantConfig)
	r := newRig(t, config, shortSession).start()
	b := r.peer(func(o *rig.Options) { o.Config = expand(otherConfig, "") })
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	r.eventually("both pools are registered", func() bool { return len(r.poolIDs()) == 2 })
	pools := r.poolIDs()

	kept := r.wait(r.submit("large"), record.RequestFulfilled)
	for label, want := range map[string]string{"small": "local", "large": "far"} {
		req := r.wait(r.submit(label, label), record.RequestFulfilled)
		for _, id := range req.Nodes {
			if got := r.Nodes()[id].Provider; got != want {
				t.Errorf("label %s was served by %s", label, got)
			}
		}
		r.use(req)
	}
	r.use(r.wait(r.submit("both"), record.RequestFulfilled))
	for _, labels := range [][]string{{"small", "large"}, {"nobody-has-this"}} {
		r.failsDeclinedBy(slices.Sorted(maps.Values(pools)), labels...)
	}

	b.Kill()
	r.eventually("its pool is gone", func() bool { return len(r.poolIDs()) == 1 })
	r.failsDeclinedBy([]string{pools["local"]}, "large")
	both := r.wait(r.submit("both", "small"), record.RequestFulfilled)
	for _, id := range both.Nodes {
		if got := r.Nodes()[id].Provider; got != "local" {
			t.Errorf("served by %s, which is dead", got)
		}
	}
	r.use(both)
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	r.eventually("it is back", func() bool { return len(r.poolIDs()) == 2 })
	// It is again what it was to those that it served before.
	r.use(kept)
	r.use(r.wait(r.submit("large"), record.RequestFulfilled))
	r.empty()
	r.eventually("the other one's workspaces are gone", func() bool { return b.Workspaces() == 0 })
}

// failsDeclinedBy asks for what nobody can serve alone.
func (r *testRig) failsDeclinedBy(pools []string, labels ...string) {
	r.t.Helper()
	req := r.wait(r.submit(labels...), record.RequestFailed)
	if got := slices.Sorted(slices.Values(req.DeclinedBy)); !slices.Equal(got, pools) {
		r.t.Errorf("labels %v: failed when %v had declined, want %v", labels, got, pools)
	}
	if err := r.Cancel(r.ctx, req.ID); err != nil {
		r.t.Fatal(err)
	}
}

// TestRecordsOfAnotherRelease: requests and a node that Python wrote, with keys that this release does not know and without
// most that it does, are served like any other; the keys survive every write.
func TestRecordsOfAnotherRelease(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig)
	r.connect()
	peer := zktest.Kazoo(t, r.Servers[0]+r.Chroot)
	const extra = `"np_future": {"a": [1, null, "\u00e4"], "big": 12345678901234567890}, "x-other": false`
	const node, good, bad = "/nodepool/nodes/0000000007", "/nodepool/requests/200-0000009001", "/nodepool/requests/200-0000009002"
	for path, data := range map[string]string{
		node: `{"state": "ready", "provider": "local", "pool": "main", "type": ["small"], ` + extra + `}`,
		good: `{"state": "requested", "node_types": ["small", "large"], ` + extra + `}`,
		bad:  `{"state": "requested", "node_types": ["nobody-has-this"], ` + extra + `}`,
	} {
		if got := peer.Do("create", path, data); got != path {
			t.Fatalf("kazoo says %v", got)
		}
	}
	r.start()
	req := r.wait("200-0000009001", record.RequestFulfilled)
	r.wait("200-0000009002", record.RequestFailed)
	if req.Nodes[0] != "0000000007" {
		t.Errorf("Python's READY node was not given out: %v", req.Nodes)
	}
	for _, path := range []string{node, good, bad} {
		text, _ := peer.Do("get", path).(string)
		var keys map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &keys); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var future struct {
			A   []any
			Big json.Number
		}
		if err := json.Unmarshal(keys["np_future"], &future); err != nil || fmt.Sprint(future.A) != "[1 <nil> ä]" || future.Big != "12345678901234567890" || string(keys["x-other"]) != "false" {
			t.Errorf("%s: the keys became %s (%v)", path, text, err)
		}
	}
}

// TestClocksOff: whoever asks and whoever serves beside us has a clock that is hours off. Requests are served; what another
// launcher has in hand is neither given up nor put back, and what it keeps does not expire, as the lock and the owner say,
// not the time.
func TestClocksOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, strings.Replace(instantConfig, "{name: small}", "{name: small, max-ready-age: 600}", 1)+"max-hold-age: 600\n", shortSession)
	r.connect()
	other := zktest.Kazoo(t, r.Servers[0]+r.Chroot)
	const request = `{"state": %q, "state_time": %[2]f, "created_time": %[2]f, "node_types": ["small"]}`
	const node = `{"state": %q, "state_time": %[2]f, "created_time": %[2]f, "provider": "local", "pool": "main", "type": ["small"], "allocated_to": %[3]s, "launcher": "python"}`
	theirs, asked, records := []string{}, []string{}, map[string]string{}
	for i, off := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		at := record.Now(time.Now().Add(off))
		pending, kept := fmt.Sprintf("100-000000900%d", i), fmt.Sprintf("000000900%d", i)
		records["/nodepool/requests/"+pending] = fmt.Sprintf(request, "pending", at)
		records["/nodepool/nodes/"+kept] = fmt.Sprintf(node, "building", at, `"`+pending+`"`)
		records["/nodepool/nodes/1"+kept[1:]] = fmt.Sprintf(node, "hold", at, "null")
		records["/nodepool/nodes/2"+kept[1:]] = fmt.Sprintf(node, "ready", at, `"elsewhere"`)
		theirs = append(theirs, "/nodepool/requests-lock/"+pending, "/nodepool/nodes/"+kept+"/lock", "/nodepool/nodes/2"+kept[1:]+"/lock")
		for _, state := range []string{"requested", "pending"} { // the pending ones are nobody's: lost
			id := fmt.Sprintf("200-00000090%d%d", len(asked), i)
			asked = append(asked, id)
			records["/nodepool/requests/"+id] = fmt.Sprintf(request, state, at)
		}
	}
	for _, path := range theirs {
		if held := other.Do("try", path); held != true {
			t.Fatalf("kazoo says %v", held)
		}
	}
	kept := maps.Clone(records)
	for _, id := range asked {
		delete(kept, "/nodepool/requests/"+id)
	}
	r.seed(records)
	r.start()
	for _, id := range asked { // the lost ones last: whoever looks for them has looked at all
		r.use(r.wait(id, record.RequestFulfilled))
	}
	for path, want := range kept {
		if got, there := r.read(path); !there || got != want {
			t.Errorf("%s became %s, was %s", path, got, want)
		}
	}
}
