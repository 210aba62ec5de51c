package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// slowly is a cloud in which a launch takes long enough to be interrupted in its midst.
func slowly() api.Settings {
	ms := time.Millisecond
	return api.Settings{Seed: 7, Pace: api.Pace{
		Create: api.Delay{Fixed: 50 * ms, Jitter: 100 * ms}, Boot: api.Delay{Fixed: time.Second, Jitter: time.Second},
	}}
}

// TestRestartAmidLaunches kills and then stops the launcher in the middle of 100 launches: none is lost, none is launched
// twice, every node is handed over, once.
func TestRestartAmidLaunches(t *testing.T) {
	const many = 100
	r := newCloudRig(t, slowly(), shortSession, func(o *rig.Options) { o.Terraform = "max-concurrent-applies: 6" })
	var ids []string
	for range many {
		ids = append(ids, r.submit("vm"))
	}
	amid := func(created int, end func()) {
		t.Helper()
		r.eventually("some launches are under way", func() bool { return r.billed().Created >= created })
		end()
		if len(r.Workers()) == 0 {
			t.Error("no launch was under way: nothing was tried")
		}
		starts := strings.Count(r.Log(), "launcher starts")
		r.start("--stop-timeout", "500ms")
		// A signal in the first moments of a process ends it, whatever it is about to do.
		r.eventually("the launcher has started", func() bool { return strings.Count(r.Log(), "launcher starts") > starts })
	}
	amid(many/4, r.kill)
	amid(many/2, r.stop)
	amid(many*3/4, r.kill)
	served := map[string]string{}
	for _, id := range ids {
		req := r.wait(id, record.RequestFulfilled)
		for _, n := range req.Nodes {
			if other := served[n]; other != "" || len(req.Nodes) != 1 {
				t.Errorf("node %s of request %s was given to %q too; nodes %v", n, id, other, req.Nodes)
			}
			served[n] = id
		}
	}
	for _, id := range ids {
		r.use(r.Request(id))
	}
	r.balanced(many)
}

// TestSecondSignal: an operator who sends SIGTERM twice ends the launcher at once, and orphans nothing: the next one
// takes up what goes on.
func TestSecondSignal(t *testing.T) {
	r := newCloudRig(t, slowly(), shortSession)
	var ids []string
	for range 10 {
		ids = append(ids, r.submit("vm"))
	}
	r.eventually("launches are under way", func() bool { return r.billed().Created >= 3 })
	if err := r.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.logged("stopping")
	if err := r.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.exited(); err == nil {
		t.Error("the launcher left with status 0: it drained, and the second signal was not heard")
	}
	if len(r.Workers()) == 0 {
		t.Error("the workers ended with the launcher")
	}
	r.start()
	for _, id := range ids {
		r.use(r.wait(id, record.RequestFulfilled))
	}
	r.balanced(10)
}
