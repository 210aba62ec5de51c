package main

import (
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// Each class of failure with the real binary, Terraform and a cloud: what Zuul sees, how often the cloud is asked, and
// that nothing is left.

const ownInputs = `inputs: {name: "${node.hostname}", tags: "${node.tags}"}`

// alternatives lets the label, whose flavor is small, fall back to medium and large.
func alternatives(o *rig.Options) {
	o.Config = strings.Replace(o.Config, ownInputs, ownInputs+`
            alternatives:
              - inputs: {flavor: medium}
              - inputs: {flavor: large}`, 1)
}

func retries(n string) func(*rig.Options) {
	return func(o *rig.Options) {
		o.Config = strings.Replace(o.Config, "launch-retries: 3", "launch-retries: "+n, 1)
	}
}

// spare adds a provider that is asked when sim declines.
func spare(o *rig.Options) {
	_, sim, _ := strings.Cut(o.Config, "providers:\n")
	o.Config += strings.NewReplacer("name: sim", "name: spare\n    priority: 200", "project: acme", "project: other").Replace(sim)
}

// noRepeats lets the Terraform provider repeat nothing by itself.
func noRepeats(o *rig.Options) {
	o.Config = strings.Replace(o.Config, "token: s3cr3t}", "token: s3cr3t, max_retries: 0}", 1)
}

// asked is how often the cloud was asked for an instance, over all projects.
func (r *cloudRig) asked() int { return r.billed().Requests["instances.create"] }

func (r *cloudRig) faults(f ...api.Fault) {
	r.t.Helper()
	if err := r.cloud.Faults(r.ctx, "acme", f...); err != nil {
		r.t.Fatal(err)
	}
}

// flavor is what a request's node turned out to be.
func (r *cloudRig) flavor(req *record.Request) string {
	r.t.Helper()
	there, err := r.cloud.Instances(r.ctx, "acme", map[string]string{"nodepool_node_id": req.Nodes[0]})
	if err != nil || len(there) != 1 {
		r.t.Fatal(err, there)
	}
	return there[0].Flavor
}

func (r *cloudRig) wantAsked(n int) {
	r.t.Helper()
	if got := r.asked(); got != n {
		r.t.Errorf("the cloud was asked %d times, want %d", got, n)
	}
}

// TestCapacityNextChoice: what has no capacity costs a launch one attempt that does not count, and the next launch none.
func TestCapacityNextChoice(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Capacity, Op: api.Create, Flavor: "small"}}}, alternatives, retries("1"))
	first := r.wait(r.submit("vm"), record.RequestFulfilled)
	if f := r.flavor(first); f != "medium" {
		t.Errorf("flavor %s", f)
	}
	r.wantAsked(2)
	r.logged(`attempt=1/1 choice=1/3 class=capacity`)
	r.logged(`next="choice 2/3 at once"`)
	second := r.wait(r.submit("vm"), record.RequestFulfilled)
	if f := r.flavor(second); f != "medium" {
		t.Errorf("flavor %s", f)
	}
	r.wantAsked(3) // small was left out
	r.faults(api.Fault{Kind: api.Capacity, Op: api.Create, Flavor: "medium"})
	third := r.wait(r.submit("vm"), record.RequestFulfilled)
	if f := r.flavor(third); f != "large" {
		t.Errorf("flavor %s", f)
	}
	r.wantAsked(5)
	for _, req := range []*record.Request{first, second, third} {
		r.useChecked(req)
	}
	r.balanced(3)
}

// TestCapacityNowhere: every choice, then a last attempt, and the node fails.
func TestCapacityNowhere(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Capacity, Op: api.Create}}}, alternatives, retries("2"))
	r.wait(r.submit("vm"), record.RequestFailed)
	r.wantAsked(4) // three choices, and the one whose mark ends first, which the dice decide, as the second attempt
	r.logged(`class=capacity policy="the label's next choice; what has no capacity is left out for a while" next="the node fails"`)
	r.logged(`attempt=2/2 choice=`)
	r.balanced(0)
}

// TestCapacityElsewhere: with another pool to ask, a label without capacity is declined at once.
func TestCapacityElsewhere(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Capacity, Op: api.Create}}}, retries("1"), spare)
	for range 2 {
		req := r.wait(r.submit("vm"), record.RequestFulfilled)
		if len(req.DeclinedBy) != 1 || r.Nodes()[req.Nodes[0]].Provider != "spare" {
			t.Errorf("declined by %v, node %+v", req.DeclinedBy, r.Nodes()[req.Nodes[0]])
		}
		r.use(req)
	}
	r.wantAsked(3) // once in vain, and by spare: the second request was declined without asking
	r.logged("the cloud has no capacity for label")
	r.balanced(0)
}

// TestCapacityRestart: the launcher dies while the second choice boots; the next one hands that very node over.
func TestCapacityRestart(t *testing.T) {
	r := newCloudRig(t, api.Settings{
		Pace: api.Pace{Boot: api.Delay{Fixed: 4 * time.Second}}, Faults: []api.Fault{{Kind: api.Capacity, Op: api.Create, Flavor: "small"}},
	}, alternatives, shortSession)
	id := r.submit("vm")
	r.eventually("the second choice boots", func() bool { return r.billed().States[api.Build] > 0 })
	r.kill()
	r.start()
	req := r.wait(id, record.RequestFulfilled)
	if f := r.flavor(req); f != "medium" {
		t.Errorf("flavor %s", f)
	}
	r.wantAsked(2)
	r.useChecked(req)
	r.balanced(1)
}

// TestThrottled: waits do not count as attempts.
func TestThrottled(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Throttle, Op: api.Create, Count: 2}}}, retries("1"), noRepeats)
	req := r.wait(r.submit("vm"), record.RequestFulfilled)
	r.wantAsked(3)
	r.logged(`attempt=1/1 choice=1/1 class=throttle policy="try again after a wait"`)
	r.logged("throttled 2 times of 8")
	r.useChecked(req)
	r.balanced(1)
}

// TestCleanupRefused: the cloud that has just failed an attempt fails the destroy that follows, too. The launch goes on when
// what was left is gone, and ends at once when nobody waits for it.
func TestCleanupRefused(t *testing.T) {
	broken, keeps := api.Fault{Kind: api.Broken, Op: api.Create, Count: 1}, api.Fault{Kind: api.Error, Op: api.Delete}
	once := keeps
	once.Count = 1
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{broken, once}}, retries("2"), noRepeats)
	req := r.wait(r.submit("vm"), record.RequestFulfilled)
	r.wantAsked(2)
	r.logged("what a failed attempt left could not be destroyed; it is tried again, and the next attempt waits for that")
	r.useChecked(req)
	r.balanced(2)
	r.faults(broken, keeps)
	id := r.submit("vm")
	r.eventually("the cloud keeps it", func() bool { return strings.Count(r.Log(), "what a failed attempt left could not be destroyed") == 2 })
	text, _ := r.explain(id)
	says(t, text, "cannot be destroyed yet; the next attempt waits for that")
	if err := r.Cancel(r.ctx, id); err != nil {
		t.Fatal(err)
	}
	r.eventually("the launch ends", func() bool { return strings.Contains(r.Log(), "state=failed") })
	r.wantAsked(3)
	r.faults()
	r.balanced(3)
}

// TestThrottledCancelled: a request that is cancelled while its launch waits leaves nothing, and nothing is launched.
func TestThrottledCancelled(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Throttle, Op: api.Create}}}, noRepeats)
	id := r.submit("vm")
	r.logged("throttled 3 times of 8") // up to 20 s from now
	if err := r.Cancel(r.ctx, id); err != nil {
		t.Fatal(err)
	}
	r.balanced(0)
}

// TestAuthStopsTheLabel: one attempt tells; until it is tried again requests are declined without asking the cloud, and
// min-ready does not ask either. Then one request tries, and its success ends it.
func TestAuthStopsTheLabel(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Auth, Op: api.Create}}}, func(o *rig.Options) {
		o.Config = strings.Replace(o.Config, "labels: [{name: vm}]", "labels: [{name: vm, min-ready: 1}]", 1)
	})
	r.logged("label is stopped: this pool declines requests for it") // min-ready found out
	r.logged("tried_again_in=")
	r.logged("look at provider-config of provider sim")
	r.wantAsked(1)
	for range 3 {
		if req := r.wait(r.submit("vm"), record.RequestFailed); len(req.DeclinedBy) != 1 {
			t.Errorf("declined by %v", req.DeclinedBy)
		}
	}
	r.logged(`is stopped for another`)
	r.wantAsked(1)
	r.faults()
	r.eventually("the label is tried again", func() bool { return r.billed().Alive == 1 }) // within a minute: by min-ready
	r.eventually("and works", func() bool { return strings.Contains(r.Log(), "node launched") })
	r.use(r.wait(r.submit("vm"), record.RequestFulfilled))
	if r.asked() < 2 || strings.Count(r.Log(), "label is stopped: ") != 1 {
		t.Error("it was stopped again")
	}
}

// TestAuthOnce: a label that works is not stopped by one bad answer, nor does the request fail; by two it is.
func TestAuthOnce(t *testing.T) {
	r := newCloudRig(t, api.Settings{})
	r.use(r.wait(r.submit("vm"), record.RequestFulfilled))
	r.faults(api.Fault{Kind: api.Auth, Op: api.Create, Count: 1})
	r.use(r.wait(r.submit("vm"), record.RequestFulfilled))
	r.wantAsked(3)
	if strings.Contains(r.Log(), "label is stopped") {
		t.Error("the label was stopped")
	}
	r.faults(api.Fault{Kind: api.Auth, Op: api.Create})
	r.wait(r.submit("vm"), record.RequestFailed)
	r.wantAsked(5)
	r.logged("label is stopped")
	r.balanced(2)
}

// TestAuthElsewhere: what this pool declines another serves.
func TestAuthElsewhere(t *testing.T) {
	r := newCloudRig(t, api.Settings{Faults: []api.Fault{{Kind: api.Auth, Op: api.Create}}}, spare)
	for range 2 {
		req := r.wait(r.submit("vm"), record.RequestFulfilled)
		if r.Nodes()[req.Nodes[0]].Provider != "spare" {
			t.Errorf("node %+v", r.Nodes()[req.Nodes[0]])
		}
		r.use(req)
	}
	r.wantAsked(3) // once in vain, and by spare
	r.balanced(0)
}

// TestConfigStopsTheLabel: the second request is declined at once, and another label of the pool goes on.
func TestConfigStopsTheLabel(t *testing.T) {
	t.Parallel()
	r := newRig(t, labelConfig("%INSTANT%", "inputs: {name: x, colour: red}")).start()
	r.wait(r.submit("bad"), record.RequestFailed)
	r.wait(r.submit("bad"), record.RequestFailed)
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	r.logged("look at module, inputs, outputs and alternatives of label bad in pool main of provider local")
	if n := strings.Count(r.Log(), "launch attempt failed"); n != 1 {
		t.Errorf("%d attempts", n)
	}
	r.empty()
}

// TestQuotaFreed: a node that goes frees quota, and who waits for it does not wait for the back-off to end.
func TestQuotaFreed(t *testing.T) {
	r := newCloudRig(t, api.Settings{Quota: api.Quota{Instances: 1}})
	first := r.wait(r.submit("vm"), record.RequestFulfilled)
	waits := r.submit("vm")
	r.logged("msg=\"pool paused\" provider=sim pool=main paused=true")
	r.logged(`class=quota policy="the pool waits until the cloud has quota again"`)
	began := time.Now()
	r.use(first)
	r.use(r.wait(waits, record.RequestFulfilled))
	if d := time.Since(began); d > 20*time.Second {
		t.Errorf("served after %s; without the node that went it takes 22 s at least", d)
	}
	r.logged("msg=\"pool paused\" provider=sim pool=main paused=false")
	r.balanced(2)
}
