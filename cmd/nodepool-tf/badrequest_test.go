package main

import (
	"path"
	"strings"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestBadRequests writes requests that are wrong in every way. None may crash the launcher, stay pending or stop a
// good one.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	const rest = `,"requestor_data":null,"requestor":"x","provider":null,"relative_priority":0,"event_id":null,"tenant_name":null,"created_time":null`
	cases := []struct {
		name, data string
		want       record.RequestState // "": left alone
	}{
		{"not JSON", `{"state": "requested", `, ""},
		{"binary", "\x00\xff\xfe", ""},
		{"empty", "", ""},
		{"a list", `[1,2]`, ""},
		{"no state", `{"node_types":["small"]}`, ""},
		{"unknown state", `{"state":"wishful","state_time":1,"node_types":["small"]}`, ""},
		{"state only", `{"state":"requested","state_time":1}`, record.RequestFulfilled},
		{"empty node list", `{"state":"requested","state_time":1,"node_types":[]` + rest + `}`, record.RequestFulfilled},
		{"node types are a string", `{"state":"requested","state_time":1,"node_types":"small"` + rest + `}`, record.RequestFailed},
		{"node types are numbers", `{"state":"requested","state_time":1,"node_types":[1,2]` + rest + `}`, record.RequestFailed},
		{"unknown label", `{"state":"requested","state_time":1,"node_types":["nope"]` + rest + `}`, record.RequestFailed},
		{"known and unknown label", `{"state":"requested","state_time":1,"node_types":["small","nope"]` + rest + `}`, record.RequestFailed},
		{"a label that is code", `{"state":"requested","state_time":1,"node_types":["${path.module}\n\"x"]` + rest + `}`, record.RequestFailed},
		{"1,000 nodes", `{"state":"requested","state_time":1,"node_types":["small"` + strings.Repeat(`,"small"`, 999) + `]` + rest + `}`, record.RequestFailed},
		{"wrong types elsewhere", `{"state":"requested","state_time":"x","node_types":["small"],"declined_by":7,"provider":[],"relative_priority":{},"reuse":"no","tenant_name":5,"requestor":{}}`, record.RequestFulfilled},
		{"hostile tenant", `{"state":"requested","state_time":1,"node_types":["small"],"tenant_name":"${file(\"/etc/passwd\")}%{ if true }\n\u0000","requestor_data":{"a":[1,2,{"b":null}]},"requestor":"x","provider":null,"event_id":null}`, record.RequestFulfilled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			name, err := r.s.Create(r.ctx, "/nodepool/requests/200-", []byte(c.data), zk.FlagSequence)
			if err != nil {
				t.Fatal(err)
			}
			id := path.Base(name)
			if c.want != "" {
				r.wait(id, c.want)
			}
			good := r.wait(r.submit("small"), record.RequestFulfilled)
			r.use(good)
			if c.want == "" {
				data, _, err := r.s.Get(r.ctx, name)
				if err != nil || string(data) != c.data {
					t.Errorf("the record was touched: %q, %v", data, err)
				}
			}
			if err := r.s.Delete(r.ctx, name, -1); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestOddIDs are request names that no Zuul writes.
func TestOddIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	for _, id := range []string{"x", "a-b-c", "lock", "---", "200-"} {
		if _, err := r.s.Create(r.ctx, "/nodepool/requests/"+id, []byte(`{"state":"requested","state_time":1,"node_types":["small"]}`), 0); err != nil {
			t.Fatal(err)
		}
	}
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
}
