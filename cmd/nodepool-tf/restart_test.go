package main

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestKilledInMidLaunch kills the launcher while nodes are created. The next one takes their launches up: each node
// is created once and handed over.
func TestKilledInMidLaunch(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig, shortSession).start()
	var ids []string
	for range 5 {
		ids = append(ids, r.submit("gated"))
	}
	r.began(5)
	r.kill()
	if len(r.Workers()) == 0 {
		t.Fatal("the workers died with the launcher")
	}
	r.start()
	r.logged("run of an earlier daemon taken up")
	r.gate("open")
	for _, id := range ids {
		r.use(r.wait(id, record.RequestFulfilled))
	}
	r.empty()
	if n := r.books(); n["create"] != 5 || n["destroy"] != 5 {
		t.Errorf("books: %v, want five created and destroyed", n)
	}
}

// TestKilledWhileLaunchesEnd is the same with launches that end while no launcher runs.
func TestKilledWhileLaunchesEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig, shortSession).start()
	id := r.submit("gated")
	r.began(1)
	r.kill()
	r.gate("open")
	r.eventually("worker ends", func() bool { return len(r.Workers()) == 0 })
	r.start()
	r.use(r.wait(id, record.RequestFulfilled))
	r.empty()
	if n := r.books(); n["create"] != 1 || n["destroy"] != 1 {
		t.Errorf("books: %v", n)
	}
}

// TestStopFinishesWhatIsInHand: SIGTERM waits for launches in hand and hands them over.
func TestStopFinishesWhatIsInHand(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig).start()
	id := r.submit("gated")
	r.began(1)
	if err := r.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.logged("stopping")
	late := r.submit("gated")
	r.gate("open")
	r.wait(id, record.RequestFulfilled)
	if err := r.exited(); err != nil {
		t.Fatalf("exit: %v", err)
	}
	if q := r.Request(late); q.State != record.RequestRequested {
		t.Errorf("a request that came while stopping is %s", q.State)
	}
	if n := r.books(); n["create"] != 1 {
		t.Errorf("books: %v", n)
	}
}

// TestStopTimeout: launches that do not end in time go on by themselves and are taken up.
func TestStopTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig).start("--stop-timeout", "1s")
	id := r.submit("gated")
	r.began(1)
	r.stop()
	r.start()
	r.gate("open")
	r.use(r.wait(id, record.RequestFulfilled))
	r.empty()
	if n := r.books(); n["create"] != 1 || n["destroy"] != 1 {
		t.Errorf("books: %v", n)
	}
}

// TestKilledInMidDestroy: what was being deleted is deleted.
func TestKilledInMidDestroy(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig, shortSession).start()
	r.gate("open")
	for range 3 {
		req := r.wait(r.submit("gated"), record.RequestFulfilled)
		r.use(req)
		r.kill()
		r.start()
	}
	r.empty()
	if n := r.books(); n["create"] != 3 || n["destroy"] != 3 {
		t.Errorf("books: %v", n)
	}
}

// TestOtherTree: a state directory that belongs to another ZooKeeper tree is not touched.
func TestOtherTree(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig).start()
	r.gate("open")
	r.wait(r.submit("gated"), record.RequestFulfilled)
	r.stop()
	r.Chroot += "x"
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	out, err := r.Command(r.ctx, "launcher").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another ZooKeeper tree") {
		t.Errorf("launcher: %v\n%s", err, out)
	}
	if n := r.books(); n["destroy"] != 0 {
		t.Errorf("books: %v", n)
	}
}

// exited waits for the launcher's own end.
func (r *testRig) exited() error {
	ctx, cancel := context.WithTimeout(r.ctx, 30*time.Second)
	defer cancel()
	return r.Rig.Wait(ctx)
}

// TestDeadPoolKeepsNoRequest: a request that the new launcher declines while the dead one's pool is still registered
// fails once that registration has expired.
func TestDeadPoolKeepsNoRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig, shortSession).start()
	r.gate("open")
	r.use(r.wait(r.submit("gated"), record.RequestFulfilled))
	r.kill()
	r.start()
	r.wait(r.submit("nobody-has-this"), record.RequestFailed)
}
