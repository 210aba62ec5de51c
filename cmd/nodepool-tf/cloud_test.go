package main

import (
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestCloudServes: twenty requests, each with an instance that carries its node's tags.
func TestCloudServes(t *testing.T) {
	r := newCloudRig(t, api.Settings{Seed: 1, Pace: api.Pace{Boot: api.Delay{Fixed: 100 * time.Millisecond, Jitter: 200 * time.Millisecond}, Shutdown: api.Delay{Fixed: 100 * time.Millisecond}}})
	var ids []string
	for range 20 {
		ids = append(ids, r.submit("vm"))
	}
	for _, id := range ids {
		r.useChecked(r.wait(id, record.RequestFulfilled))
	}
	r.balanced(20)
}

// TestCloudQuota: what the cloud's quota refuses is aborted and waits, and is served when the quota is raised.
func TestCloudQuota(t *testing.T) {
	r := newCloudRig(t, api.Settings{Quota: api.Quota{Instances: 1}})
	first := r.wait(r.submit("vm"), record.RequestFulfilled)
	waits := r.submit("vm")
	r.logged("class=quota")
	r.eventually("a node is aborted", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, states := range r.states {
			for _, s := range states {
				if s == record.NodeAborted {
					return true
				}
			}
		}
		return false
	})
	r.logged("msg=\"pool paused\" provider=sim pool=main paused=true")
	if err := r.cloud.Quota(r.ctx, "acme", api.Quota{Instances: 2}); err != nil {
		t.Fatal(err)
	}
	r.use(r.wait(waits, record.RequestFulfilled))
	r.use(first)
	r.balanced(2)
}

// TestCloudBrokenInstance: an instance that ends in ERROR is made again, and the broken one is deleted.
func TestCloudBrokenInstance(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Broken, Op: api.Create, Count: 2}}})
	req := r.wait(r.submit("vm"), record.RequestFulfilled)
	if b := r.billed(); b.Alive != 1 || b.Created != 3 || b.Failed != 0 {
		t.Errorf("books %+v", b)
	}
	r.use(req)
	r.balanced(3)
}

// TestCloudLauncherKilledInMidCreate: instances that boot while the launcher is dead are handed over by the next one.
func TestCloudLauncherKilledInMidCreate(t *testing.T) {
	r := newCloudRig(t, api.Settings{Pace: api.Pace{Boot: api.Delay{Fixed: 5 * time.Second}}}, shortSession)
	var ids []string
	for range 5 {
		ids = append(ids, r.submit("vm"))
	}
	r.eventually("instances boot", func() bool { return r.billed().States[api.Build] > 0 })
	r.kill()
	r.start()
	for _, id := range ids {
		r.use(r.wait(id, record.RequestFulfilled))
	}
	r.balanced(5)
}

// TestCloudRestartsInMidCreate: the cloud dies while its instances boot, and comes back with its books.
func TestCloudRestartsInMidCreate(t *testing.T) {
	r := newCloudRig(t, api.Settings{Pace: api.Pace{Boot: api.Delay{Fixed: 2 * time.Second}}})
	var ids []string
	for range 5 {
		ids = append(ids, r.submit("vm"))
	}
	r.eventually("all instances boot", func() bool { return r.billed().Requests["202"] == 5 }) // each has heard that
	r.cloud.Kill()
	if err := r.cloud.Restart(r.ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		r.use(r.wait(id, record.RequestFulfilled))
	}
	r.empty()
	if b := r.billed(); !b.Balanced() {
		t.Errorf("books %+v", b)
	}
}
