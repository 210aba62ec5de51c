package main

import (
	"fmt"
	"testing"
)

// TestRewrittenByNodepool: Nodepool's launcher frees nodes of requests whose launcher died, and keeps none of our keys
// then. They are deleted all the same; its own nodes are left to it.
func TestRewrittenByNodepool(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig).start()
	r.eventually("the pool is registered", func() bool { return len(r.pools()) > 0 })
	ours := r.pools()["local/main"].ID
	theirs := "np-PoolWorker.local-main-3c2b1a09f8e74cc5b4a3928170605f4e"
	record := `{"state": %q, "state_time": 1, "provider": "local", "pool": "main", "type": ["small"], "allocated_to": null, "launcher": %q}`
	for id, data := range map[string]string{
		"0000000801": fmt.Sprintf(record, "failed", ours), "0000000802": fmt.Sprintf(record, "building", ours), "0000000803": fmt.Sprintf(record, "failed", theirs),
	} {
		if _, err := r.s.CreateAll(r.ctx, "/nodepool/nodes/"+id, []byte(data), 0); err != nil {
			t.Fatal(err)
		}
	}
	there := func(id string) bool {
		ok, _, err := r.s.Exists(r.ctx, "/nodepool/nodes/"+id)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	r.eventually("ours are gone", func() bool { return !there("0000000801") && !there("0000000802") })
	if !there("0000000803") {
		t.Error("a node of Nodepool's was deleted")
	}
}
