package reconciler

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestDynamic: the fields of config-reference.md 3.7, and what cannot be rendered is left out alone.
func TestDynamic(t *testing.T) {
	r, err := record.ParseRequest("200-0000000042", []byte(`{"state": "pending", "state_time": 1, "node_types": ["a", "b"], "requestor": "zuul",
		"requestor_data": {"job": "unit", "n": 3, "f": 1.5, "l": [true, null]}, "relative_priority": 2, "created_time": 1700000000.5, "tenant_name": null}`))
	if err != nil {
		t.Fatal(err)
	}
	values, problems := dynamic(map[string]string{
		"who": "{request.requestor} for {request.tenant_name}", "all": "{request.labels}", "one": "{request.labels[1]}", "id": "{request.id}",
		"data": "{request.requestor_data}", "job": "{request.requestor_data[job]}", "prio": "{request.relative_priority:02d}", "when": "{request.created_time}",
		"event": "{request.event_id}", "lost": "{request.labels[7]}", "bad": "{request.id", "own": "{request.state}",
	}, r)
	want := map[string]string{
		"who": "zuul for None", "all": "['a', 'b']", "one": "b", "id": "200-0000000042",
		"data": "{'f': 1.5, 'job': 'unit', 'l': [True, None], 'n': 3}", "job": "unit", "prio": "02", "when": "1700000000.5", "event": "None",
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(problems) != 3 {
		t.Errorf("problems: %v", problems)
	}
}
