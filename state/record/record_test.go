package record

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var exported = cmp.Options{cmpopts.IgnoreUnexported(Request{}, Node{}), cmpopts.EquateEmpty()}

func TestUnusableRecordsAreErrors(t *testing.T) {
	for name, data := range map[string]string{
		"nothing": "", "blanks": " \n", "null": "null", "a list": "[]", "a string": `"x"`, "half an object": `{"state":`,
		"two objects": `{"state":"ready"}{}`, "no state": "{}", "null state": `{"state":null}`,
		"a state of nobody's": `{"state":"dreaming"}`, "a number for a state": `{"state":1}`, "binary": "\x00\xff",
	} {
		if r, err := ParseRequest("200-1", []byte(data)); err == nil {
			t.Errorf("request from %s: %+v", name, r)
		} else if !strings.Contains(err.Error(), "request 200-1") {
			t.Errorf("request from %s: %v does not name it", name, err)
		}
		if n, err := ParseNode("1", []byte(data)); err == nil {
			t.Errorf("node from %s: %+v", name, n)
		}
	}
	if _, err := ParsePool([]byte("[]")); err == nil {
		t.Error("pool from a list")
	}
}

func TestDefaultsOfAbsentKeys(t *testing.T) {
	n, err := ParseNode("1", []byte(`{"state":"ready"}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Node{ID: "1", State: NodeReady, Username: "zuul", ConnectionPort: json.RawMessage("22")}, n, exported); diff != "" {
		t.Error(diff)
	}
	r, err := ParseRequest("200-0000000001", []byte(`{"state":"requested"}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Request{ID: "200-0000000001", State: RequestRequested, Reuse: true}, r, exported); diff != "" {
		t.Error(diff)
	}
	p, err := ParsePool([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Pool{Kind: "pool", Priority: 100}, p, exported); diff != "" {
		t.Error(diff)
	}
}

func TestVariantsOfNodeFields(t *testing.T) {
	seconds := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		name, json string
		want       Node
	}{
		{"bare label", `"type":"old"`, Node{Type: []string{"old"}}},
		{"null label", `"type":null`, Node{}},
		{"explicit null user", `"username":null`, Node{Username: ""}},
		{"port falls back", `"ssh_port":2222`, Node{ConnectionPort: json.RawMessage("2222")}},
		{"null port stays null", `"connection_port":null,"ssh_port":22`, Node{ConnectionPort: nil}},
		{"hold as text", `"hold_expiration":" 3600 "`, Node{HoldExpiration: seconds(3600)}},
		{"hold as junk", `"hold_expiration":"soon"`, Node{HoldExpiration: seconds(0)}},
		{"hold as list", `"hold_expiration":[1]`, Node{HoldExpiration: seconds(0)}},
		{"hold with fraction", `"hold_expiration":1.9`, Node{HoldExpiration: seconds(1)}},
		{"hold null", `"hold_expiration":null`, Node{}},
		{"external id as object", `"external_id":{"instance":"i"}`, Node{ExternalID: json.RawMessage(`{"instance":"i"}`)}},
		{"not a number", `"state_time":NaN,"created_time":-Infinity,"comment":"NaN, Infinity \" NaN"`, Node{Comment: `NaN, Infinity " NaN`}},
		{"resources with null", `"resources":{"cores":1.5,"ram":null}`, Node{Resources: map[string]float64{"cores": 1.5}}},
		{"last of equal keys wins", `"az":"a","az":"b"`, Node{AZ: "b"}},
	} {
		n, err := ParseNode("1", []byte(`{"state":"ready",`+c.json+`}`))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := c.want
		want.ID, want.State = "1", NodeReady
		if !strings.Contains(c.json, "username") {
			want.Username = "zuul"
		}
		if !strings.Contains(c.json, "_port") {
			want.ConnectionPort = json.RawMessage("22")
		}
		if diff := cmp.Diff(&want, n, exported); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestUnreadableFieldsAreKeptUntilSet(t *testing.T) {
	const bad = `{"state":"ready","az":{"zone":1},"slot":"first","host_keys":"key","resources":{"cores":"many"},"created_time":"long ago","np_tf_x":[1, 2]}`
	n, err := ParseNode("1", []byte(bad))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"az: want a string, got an object", "created_time: want a number, got a string",
		"host_keys: want a list of strings, got a string", "resources: want an object of numbers, got an object",
		"slot: want a whole number, got a string",
	}
	if got := slices.Sorted(slices.Values(n.Problems)); !slices.Equal(got, want) {
		t.Errorf("problems %q", got)
	}
	for _, kept := range []string{`"az": {"zone":1}`, `"slot": "first"`, `"host_keys": "key"`, `"resources": {"cores":"many"}`, `"created_time": "long ago"`, `"np_tf_x": [1, 2]`} {
		if !strings.Contains(string(n.Encode()), kept) {
			t.Errorf("%s is not in %s", kept, n.Encode())
		}
	}
	slot := int64(3)
	n.AZ, n.Slot, n.HostKeys, n.Resources = "az-1", &slot, []string{"k"}, map[string]float64{}
	for _, set := range []string{`"az": "az-1"`, `"slot": 3`, `"host_keys": ["k"]`, `"resources": {}`, `"created_time": "long ago"`} {
		if !strings.Contains(string(n.Encode()), set) {
			t.Errorf("%s is not in %s", set, n.Encode())
		}
	}
	r, err := ParseRequest("1-1", []byte(`{"state":"requested","reuse":"maybe","relative_priority":"high","nodes":[null],"state_time":[]}`))
	if err != nil || len(r.Problems) != 4 {
		t.Fatalf("%v %v", r, err)
	}
	for _, kept := range []string{`"reuse": "maybe"`, `"relative_priority": "high"`, `"nodes": [null]`, `"state_time": []`} {
		if !strings.Contains(string(r.Encode()), kept) {
			t.Errorf("%s is not in %s", kept, r.Encode())
		}
	}
	r.SetState(RequestPending, time.Unix(5, 0))
	if !strings.Contains(string(r.Encode()), `"state": "pending", "state_time": 5,`) {
		t.Errorf("the state is not in %s", r.Encode())
	}
}

func TestPort(t *testing.T) {
	for raw, want := range map[string]int{"22": 22, "22.0": 22, "0": 0, "65536": 0, "-1": 0, `"22"`: 0, `{"token":"x"}`: 0, "null": 0, "": 0, "22.5": 0} {
		n := Node{ConnectionPort: json.RawMessage(raw)}
		if got, ok := n.Port(); got != want || ok != (want != 0) {
			t.Errorf("port %q: %d %v", raw, got, ok)
		}
	}
}

func TestExtraKeys(t *testing.T) {
	n := &Node{State: NodeInit}
	if err := n.SetExtra("label", json.RawMessage("1")); err == nil {
		t.Error("a key that could collide in Zuul was taken")
	}
	if err := n.SetExtra("np_tf_x", json.RawMessage("{")); err == nil {
		t.Error("a broken value was taken")
	}
	if err := n.SetExtra("np_tf_x", json.RawMessage(` {"a": 1} `)); err != nil {
		t.Error(err)
	}
	back, err := ParseNode("", n.Encode())
	if err != nil || string(back.Extra("np_tf_x")) != `{"a": 1}` {
		t.Errorf("%s %v", back.Extra("np_tf_x"), err)
	}
	if err := back.SetExtra("np_tf_x", nil); err != nil || strings.Contains(string(back.Encode()), "np_tf_x") {
		t.Errorf("not removed: %v", err)
	}
}

func TestWhatIsNoJSONIsWrittenAsNull(t *testing.T) {
	n := &Node{State: NodeInit, UserData: json.RawMessage("{broken"), ConnectionPort: json.RawMessage("22")}
	if _, err := ParseNode("", n.Encode()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(n.Encode()), `"user_data": null`) || !strings.Contains(string(n.Encode()), `"ssh_port": 22`) {
		t.Errorf("%s", n.Encode())
	}
}

func TestIDParts(t *testing.T) {
	for id, want := range map[string][2]string{"200-0000000001": {"200", "0000000001"}, "odd": {"", "odd"}} {
		r := Request{ID: id}
		if r.Precedence() != want[0] || r.Sequence() != want[1] {
			t.Errorf("%s: %q %q", id, r.Precedence(), r.Sequence())
		}
	}
	form := regexp.MustCompile(`^np01\.example\.org-PoolWorker\.cloud-a-main-[0-9a-f]{32}$`)
	a, b := PoolID("np01.example.org", "cloud-a", "main", "x"), PoolID("np01.example.org", "cloud-a", "main", "x")
	if !form.MatchString(a) || a == b {
		t.Errorf("pool ids %s and %s", a, b)
	}
}

func TestTimesAreUnixSecondsWithFraction(t *testing.T) {
	now := time.Unix(1726561290, 904110000)
	if got := Now(now); got != 1726561290.90411 {
		t.Errorf("%v", got)
	}
	n := &Node{}
	n.SetState(NodeReady, now)
	if !strings.Contains(string(n.Encode()), `"state": "ready", "state_time": 1726561290.90411,`) {
		t.Errorf("%s", n.Encode())
	}
}

func TestTransitions(t *testing.T) {
	for _, c := range []struct {
		from, to NodeState
		want     bool
	}{
		{NodeInit, NodeBuilding, true}, {NodeBuilding, NodeReady, true}, {NodeReady, NodeInUse, true}, {NodeInUse, NodeUsed, true},
		{NodeUsed, NodeDeleting, true}, {NodeDeleting, NodeDeleted, true}, {NodeReady, NodeHold, true}, {NodeHold, NodeUsed, true},
		{NodeReady, NodeBuilding, false}, {NodeUsed, NodeReady, false}, {NodeDeleted, NodeDeleting, false}, {"strange", NodeDeleting, false},
	} {
		if got := c.from.CanBecome(c.to); got != c.want {
			t.Errorf("node %s to %s: %v", c.from, c.to, got)
		}
	}
	if RequestFulfilled.CanBecome(RequestRequested) || !RequestPending.CanBecome(RequestFulfilled) || RequestState("x").Valid() {
		t.Error("request states")
	}
}

func TestComponent(t *testing.T) {
	c := Component{Hostname: "np01", Kind: "launcher", State: ComponentRunning, Version: "nodepool-tf 0.1.0"}
	want := `{"hostname": "np01", "kind": "launcher", "model_api": 0, "state": "running", "version": "nodepool-tf 0.1.0"}`
	if got := string(c.Encode()); got != want {
		t.Errorf("%s", got)
	}
}

// TestTakeUnknown: what another writer added or changed of keys that nobody here knows is taken over, ours are not.
func TestTakeUnknown(t *testing.T) {
	parse := func(text string) *Node {
		n, err := ParseNode("0000000001", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	ours := parse(`{"state": "building", "provider": "a", "np_tf_state": "me", "kept": 1, "changed": 1}`)
	ours.TakeUnknown(parse(`{"state": "ready", "provider": "b", "np_tf_state": "you", "changed": 2, "added": [3]}`))
	for key, want := range map[string]string{"np_tf_state": `"me"`, "kept": "1", "changed": "2", "added": "[3]"} {
		if got := string(ours.Extra(key)); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if ours.State != NodeBuilding || ours.Provider != "a" {
		t.Errorf("known keys were taken, too: %+v", ours)
	}
}
