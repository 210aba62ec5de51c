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
	r.seed(map[string]string{
		"/nodepool/nodes/0000000801": fmt.Sprintf(record, "failed", ours),
		"/nodepool/nodes/0000000802": fmt.Sprintf(record, "building", ours),
		"/nodepool/nodes/0000000803": fmt.Sprintf(record, "failed", theirs),
	})
	there := func(id string) bool {
		_, ok := r.read("/nodepool/nodes/" + id)
		return ok
	}
	r.eventually("ours are gone", func() bool { return !there("0000000801") && !there("0000000802") })
	if !there("0000000803") {
		t.Error("a node of Nodepool's was deleted")
	}
}
