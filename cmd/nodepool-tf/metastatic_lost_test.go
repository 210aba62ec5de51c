package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestMetastaticLost: a backing node that is deleted behind our back, and one whose lock somebody removed, get no new
// slots; the next request gets a slot of another one, at the first attempt.
func TestMetastaticLost(t *testing.T) {
	t.Parallel()
	r := newSlotRig(t, "grace-time: 1, max-parallel-jobs: 4")
	r.Options.Config = strings.Replace(r.Options.Config, "max-parallel-jobs: 2, ", "", 1)
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	r.start()
	first := r.take(1)[0]
	spare := r.wait(r.submit("slot"), record.RequestFulfilled) // and then nobody takes it
	if err := r.Cancel(r.ctx, spare.ID); err != nil {
		t.Fatal(err)
	}
	// Whoever sees it unlocked meanwhile contends for it, which is a child more.
	r.eventually("the backing node is deleted", func() bool { return r.s.DeleteAll(r.ctx, "/nodepool/nodes/"+first.at.Backing) == nil })
	second := r.take(1)[0]
	if second.at.Backing == first.at.Backing {
		t.Error("a slot of a backing node that is gone was given")
	}
	r.eventually("the spare on the lost backing node is gone", func() bool { return r.Nodes()[spare.Nodes[0]] == nil })

	locks, _, err := r.s.Children(r.ctx, "/nodepool/nodes/"+second.at.Backing+"/lock")
	if err != nil || len(locks) != 1 {
		t.Fatal(locks, err)
	}
	if err := r.s.Delete(r.ctx, "/nodepool/nodes/"+second.at.Backing+"/lock/"+locks[0], -1); err != nil {
		t.Fatal(err)
	}
	third := r.take(1)[0]
	if third.at.Backing == second.at.Backing {
		t.Error("a slot of a backing node that is not ours any more was given")
	}
	if strings.Contains(r.Log(), "launch attempt failed") {
		t.Error("a lost backing node counted as an attempt")
	}
	for _, j := range []*job{first, second, third} {
		j.end()
	}
	r.eventually("nothing is left", func() bool { return len(r.Nodes()) == 0 })
}

// TestMetastaticRestart: what a killed launcher left is taken up: slots in use stay taken, idle backing nodes are given
// back, and a request in mid-launch is served. So is a backing node that was locked and never marked.
func TestMetastaticRestart(t *testing.T) {
	t.Parallel()
	r := newSlotRig(t, "grace-time: 3", shortSession)
	r.start()
	jobs := r.take(3)
	r.kill()
	jobs[0].end()
	waiting := r.submit("slot")
	r.start()
	late := r.begin(r.wait(waiting, record.RequestFulfilled))
	r.distinct()
	if n := len(r.hosts()); n != 2 {
		t.Errorf("%d backing nodes for three slots of two", n)
	}
	for _, j := range append(jobs[1:], late) {
		j.end()
	}
	r.empty()
}

// TestMetastaticTwo: of two launchers with equal providers one gives the slots; the other takes over, slots in use and
// all, when that one dies. Backing nodes come from a third.
func TestMetastaticTwo(t *testing.T) {
	t.Parallel()
	r := &slotRig{newRig(t, slotLabels+fmt.Sprintf(slotConfig, "grace-time: 1"), shortSession)}
	hosts := r.peerOf(slotLabels + hostConfig)
	other := r.peerOf(r.Options.Config)
	if err := hosts.Start(); err != nil {
		t.Fatal(err)
	}
	r.connect()
	r.eventually("the backing label is served", func() bool {
		pools, _, err := r.s.Children(r.ctx, "/nodepool/components/pool")
		return err == nil && len(pools) == 1
	})
	r.start()
	r.logged("slots are given by this launcher")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	jobs := r.take(3)
	if strings.Contains(other.Log(), "slots are given by this launcher") {
		t.Error("both give slots")
	}
	waiting := r.submit("slot")
	r.kill()
	after := append(r.take(1), r.begin(r.wait(waiting, record.RequestFulfilled)))
	r.distinct()
	if !strings.Contains(other.Log(), "slots are given by this launcher") {
		t.Error("who gave the slots?")
	}
	for _, j := range append(jobs, after...) {
		j.end()
	}
	r.eventually("nothing is left", func() bool { return len(r.Nodes()) == 0 })
	r.eventually("all workspaces gone", func() bool { return hosts.Workspaces() == 0 })
}

// peerOf is another launcher on the same ZooKeeper with the given configuration.
func (r *slotRig) peerOf(config string) *rig.Rig {
	r.t.Helper()
	o := r.Options
	o.Dir, o.Config = r.t.TempDir(), expand(config, r.gateDir)
	p, err := rig.New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		p.Close()
		if r.t.Failed() {
			r.t.Logf("peer's log:\n%s", p.Log())
		}
	})
	return p
}

// TestMetastaticFailed: where host keys cannot be read the backing node gets no further nodes, and past max-age none gets
// new ones: both are given back as soon as they are empty.
func TestMetastaticFailed(t *testing.T) {
	t.Parallel()
	r := newSlotRig(t, "max-age: 3, host-key-checking: true")
	r.Options.Config = strings.Replace(r.Options.Config, "driver: metastatic", "driver: metastatic\n    launch-retries: 2\n    boot-timeout: 1", 1)
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.wait(r.submit("slot"), record.RequestFailed)
	if n := strings.Count(r.Log(), "backing node failed: it gets no further nodes"); n != 2 {
		t.Errorf("%d backing nodes failed, want one for each attempt", n)
	}
	r.empty()
	r.Options.Config = strings.Replace(r.Options.Config, "host-key-checking: true", "host-key-checking: false", 1)
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	r.logged("configuration loaded")
	old := r.take(1)[0]
	launched, _ := metastatic.MarkOf(r.Nodes()[old.at.Backing])
	r.eventually("max-age is over", func() bool {
		young := r.take(1)[0]
		young.end()
		return young.at.Backing != old.at.Backing
	})
	old.end()
	r.eventually("the old backing node is gone", func() bool { return r.Nodes()[old.at.Backing] == nil })
	if launched.Launched == 0 {
		t.Error("when was it asked for?")
	}
	r.logged("reason=max-age")
}
