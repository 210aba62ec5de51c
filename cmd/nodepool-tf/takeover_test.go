package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// peer is a second launcher, with the configuration of r unless that is changed, and a state directory of its own. It is
// not started.
func (r *testRig) peer(change ...func(*rig.Options)) *rig.Rig {
	r.t.Helper()
	o := r.Options
	o.Dir = r.t.TempDir()
	for _, f := range change {
		f(&o)
	}
	b, err := rig.New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		b.Close()
		if r.t.Failed() {
			r.t.Logf("second launcher's log:\n%s", b.Log())
		}
	})
	return b
}

// loseHost kills a launcher with everything that it started, and its disk is gone.
func (r *cloudRig) loseHost(b *rig.Rig) {
	r.t.Helper()
	b.Kill()
	b.Close()
	r.eventually("the workers are gone", func() bool { return len(b.Workers()) == 0 })
	if err := os.RemoveAll(b.StateDir); err != nil {
		r.t.Fatal(err)
	}
}

// idle waits until the copies say that no run is under way: what a taker would have to wait out.
func (r *cloudRig) idle() {
	r.t.Helper()
	const copies = "/nodepool-tf/workspaces"
	r.eventually("no run is under way", func() bool {
		ids, _, err := r.s.Children(r.ctx, copies)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, id := range ids {
			data, _, err := r.s.Get(r.ctx, copies+"/"+id)
			header, _, _ := bytes.Cut(data, []byte("\n"))
			var says struct{ Run any }
			if err != nil || json.Unmarshal(header, &says) != nil || says.Run != nil {
				return false
			}
		}
		return true
	})
}

func (r *cloudRig) start2(b *rig.Rig) {
	r.t.Helper()
	if err := b.Start(); err != nil {
		r.t.Fatal(err)
	}
}

// said waits until the log of a launcher contains the text.
func (r *cloudRig) said(b *rig.Rig, text string) {
	r.t.Helper()
	r.eventually("the other launcher's log says "+text, func() bool { return strings.Contains(b.Log(), text) })
}

// TestHostLost: a launcher dies with its disk. Another one takes its workspaces over: its idle nodes are given out, those
// in use are deleted after use, and the cloud's books balance.
func TestHostLost(t *testing.T) {
	states := t.TempDir()
	for name, change := range map[string]func(*rig.Options){
		"clear":     func(*rig.Options) {},
		"encrypted": withStateKey(t),
		"backend":   withBackend(states),
	} {
		t.Run(name, func(t *testing.T) {
			r := newCloudRig(t, api.Settings{Pace: api.Pace{Boot: api.Delay{Fixed: 50 * time.Millisecond}}}, shortSession, change)
			inUse, idle := r.wait(r.submit("vm"), record.RequestFulfilled), r.wait(r.submit("vm"), record.RequestFulfilled)
			held := r.accept(inUse)
			r.idle()
			r.loseHost(r.Rig)
			b := r.peer()
			r.start2(b)
			r.said(b, "workspaces of a launcher that is gone were taken over")
			if err := r.Return(r.ctx, held); err != nil {
				t.Fatal(err)
			}
			r.use(idle)
			// The next one is the new launcher's own.
			r.use(r.wait(r.submit("vm"), record.RequestFulfilled))
			r.eventually("all nodes gone", func() bool { return len(r.Nodes()) == 0 })
			r.eventually("all workspaces gone", func() bool { return b.Workspaces() == 0 })
			if books := r.billed(); !books.Balanced() || books.Created != 3 {
				t.Errorf("books %+v", books)
			}
			if name == "backend" {
				statesEmpty(t, states, 3)
			}
			if name == "encrypted" && strings.Contains(b.Log(), "states in ZooKeeper are not encrypted") || name != "encrypted" && !strings.Contains(b.Log(), "states in ZooKeeper are not encrypted") {
				t.Error("the warning that copies are not encrypted is there when it should not, or the other way round")
			}
		})
	}
}

// TestHostLostTwoLeft: nodes in use outlive the host that made them. When Zuul gives them back, the launcher that took
// their workspaces over deletes them, and not a newcomer, for whom nothing would be left to destroy.
func TestHostLostTwoLeft(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, shortSession)
	var held [][]*requestor.Held
	for range 6 {
		held = append(held, r.accept(r.wait(r.submit("vm"), record.RequestFulfilled)))
	}
	r.idle()
	r.loseHost(r.Rig)
	b, c := r.peer(), r.peer()
	r.start2(b)
	r.said(b, "nodes=6")
	r.start2(c)
	r.said(c, "launcher starts")
	r.eventually("the newcomer has looked around", func() bool { return strings.Count(c.Log(), "state=in-use") == 6 })
	for _, h := range held {
		if err := r.Return(r.ctx, h); err != nil {
			t.Fatal(err)
		}
	}
	r.eventually("all nodes gone", func() bool { return len(r.Nodes()) == 0 })
	if books := r.billed(); !books.Balanced() {
		t.Errorf("records went before the machines: %+v", books)
	}
	if n := strings.Count(b.Log(), "node is gone"); n != 6 || strings.Contains(c.Log(), "node is deleted") {
		t.Errorf("the taker deleted %d", n)
	}
}

// statesEmpty wants so many states in a folder, without resources.
func statesEmpty(t *testing.T, dir string, n int) {
	t.Helper()
	left, _ := filepath.Glob(filepath.Join(dir, "*.tfstate"))
	if len(left) != n {
		t.Errorf("the backend holds %v", left)
	}
	for _, file := range left {
		if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), `"resources": []`) {
			t.Errorf("%s holds %s", file, data)
		}
	}
}

// withBackend has a rig's states copied into a folder that all hosts share.
func withBackend(dir string) func(*rig.Options) {
	return func(o *rig.Options) {
		o.Terraform = fmt.Sprintf("backend: {type: local, path: %q}", filepath.Join(dir, "${workspace.id}.tfstate"))
	}
}

// withStateKey gives a rig a secure file with a key.
func withStateKey(t *testing.T) func(*rig.Options) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secure.conf")
	if err := os.WriteFile(path, []byte("terraform: {state-key: an-unguessable-phrase}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(o *rig.Options) { o.Secure = path }
}

func (r *cloudRig) accept(req *record.Request) []*requestor.Held {
	r.t.Helper()
	held, err := r.Accept(r.ctx, req)
	if err == nil {
		err = r.Set(r.ctx, held, record.NodeInUse)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return held
}

// TestHostLostInMidLaunch: the request of a launcher that died in the middle of it is served by the other one, and what
// was begun is not left over. What the lost host's Terraform may still do is waited for.
func TestHostLostInMidLaunch(t *testing.T) {
	r := newCloudRig(t, api.Settings{Pace: api.Pace{Boot: api.Delay{Fixed: 4 * time.Second}}}, shortSession, func(o *rig.Options) {
		o.Config = strings.Replace(o.Config, "launch-timeout: 60", "launch-timeout: 8", 1)
	})
	b := r.peer()
	id := r.submit("vm")
	r.eventually("an instance boots", func() bool { return r.billed().States[api.Build] == 1 })
	r.start2(b)
	r.said(b, "launcher starts")
	time.Sleep(time.Second) // the state is copied while the instance boots
	r.loseHost(r.Rig)
	r.use(r.wait(id, record.RequestFulfilled))
	r.said(b, "workspaces of a launcher that is gone were taken over")
	r.eventually("all nodes gone", func() bool { return len(r.Nodes()) == 0 })
	r.eventually("all workspaces gone", func() bool { return b.Workspaces() == 0 })
}

// TestDiskLost: a launcher that has lost its disk, but not its identity, restores its workspaces.
func TestDiskLost(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, shortSession)
	reqs := []*record.Request{r.wait(r.submit("vm"), record.RequestFulfilled), r.wait(r.submit("vm"), record.RequestFulfilled)}
	r.idle()
	r.kill()
	for _, name := range []string{"workspaces", "bases", "modules", "providers"} {
		if err := os.RemoveAll(filepath.Join(r.StateDir, name)); err != nil {
			t.Fatal(err)
		}
	}
	r.start()
	r.logged("restored from its copy")
	for _, req := range reqs {
		r.use(req)
	}
	r.balanced(2)
}

// TestRestartBesideAPeer: while a launcher restarts in the middle of its launches, the other one leaves them to it.
func TestRestartBesideAPeer(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			r := newCloudRig(t, api.Settings{Pace: api.Pace{Boot: api.Delay{Fixed: 6 * time.Second}}}, shortSession)
			var ids []string
			for range 4 {
				ids = append(ids, r.submit("vm"))
			}
			r.eventually("instances boot", func() bool { return r.billed().States[api.Build] == 4 })
			b := r.peer()
			r.start2(b)
			r.said(b, "launcher starts")
			if err := r.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if sig == syscall.SIGKILL {
				_ = r.exited()
				time.Sleep(3 * time.Second) // its session ends
			} else if err := r.exited(); err != nil {
				t.Fatal(err)
			}
			r.start()
			for _, id := range ids {
				r.use(r.wait(id, record.RequestFulfilled))
			}
			r.balanced(4)
		})
	}
}

// TestTakenWhileAway: a launcher comes back after another one has taken its workspaces over, forgets them and goes on.
func TestTakenWhileAway(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, shortSession)
	req := r.wait(r.submit("vm"), record.RequestFulfilled)
	held := r.accept(req)
	r.idle()
	r.kill()
	b := r.peer()
	r.start2(b)
	r.said(b, "workspaces of a launcher that is gone were taken over")
	r.start()
	r.logged("another launcher has taken a workspace over")
	if err := r.Return(r.ctx, held); err != nil {
		t.Fatal(err)
	}
	r.eventually("all nodes gone", func() bool { return len(r.Nodes()) == 0 })
	r.use(r.wait(r.submit("vm"), record.RequestFulfilled))
	r.balanced(2)
	r.eventually("all workspaces gone", func() bool { return b.Workspaces() == 0 })
}

// TestStateDirElsewhere: a launcher whose state directory is in use on another machine waits.
func TestStateDirElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig).start()
	r.gate("open")
	r.use(r.wait(r.submit("gated"), record.RequestFulfilled))
	r.empty()
	r.stop()
	id, err := os.ReadFile(filepath.Join(r.StateDir, "id"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(r.ctx, r.s, store.Options{ID: strings.TrimSpace(string(id)), About: store.About{Hostname: "elsewhere"}})
	if err != nil {
		t.Fatal(err)
	}
	r.start()
	r.logged("in use on another machine")
	req := r.submit("gated")
	time.Sleep(time.Second)
	if q := r.Request(req); q.State != record.RequestRequested {
		t.Errorf("request is %s", q.State)
	}
	if err := st.Close(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.use(r.wait(req, record.RequestFulfilled))
}

// TestLeaseDeleted: a launcher whose lease is gone though its session is not takes another one, and serves.
func TestLeaseDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig).start()
	r.gate("open")
	r.use(r.wait(r.submit("gated"), record.RequestFulfilled))
	ids, _, err := r.s.Children(r.ctx, "/nodepool-tf/launchers")
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	if err := r.s.DeleteAll(r.ctx, "/nodepool-tf/launchers/"+ids[0]+"/alive"); err != nil {
		t.Fatal(err)
	}
	r.use(r.wait(r.submit("gated"), record.RequestFulfilled))
	r.logged("the lease of this launcher was taken or given back")
	r.empty()
}

// TestOtherKey: what a lost launcher kept under a key that the others do not have is left as it is and told, until one of
// them has it.
func TestOtherKey(t *testing.T) {
	withKey := withStateKey(t)
	r := newCloudRig(t, api.Settings{}, shortSession, withKey)
	req := r.wait(r.submit("vm"), record.RequestFulfilled)
	r.idle()
	r.Kill()
	r.eventually("the workers are gone", func() bool { return len(r.Workers()) == 0 })
	if err := os.RemoveAll(r.StateDir); err != nil {
		t.Fatal(err)
	}
	secure := r.Secure
	r.Secure = ""
	r.start()
	told := func() bool { _, body := r.page("/health", ""); return strings.Contains(body, "of a lost launcher") }
	r.eventually("it is told", told)
	if _, body := r.page("/health", ""); !strings.Contains(body, "state-key") {
		t.Errorf("not told what is missing: %s", body)
	}
	r.stop()
	r.Secure = secure
	r.start()
	r.logged("workspaces of a launcher that is gone were taken over")
	if told() {
		t.Error("told of a workspace that was taken over")
	}
	r.use(req)
	r.balanced(1)
}

// TestKeyIsTurnedOn: copies from before there was a key are made again with it.
func TestKeyIsTurnedOn(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, shortSession)
	req := r.wait(r.submit("vm"), record.RequestFulfilled)
	r.idle()
	ids, _, err := r.s.Children(r.ctx, "/nodepool-tf/workspaces")
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	encrypted := func() bool {
		data, _, err := r.s.Get(r.ctx, "/nodepool-tf/workspaces/"+ids[0])
		return err == nil && strings.Contains(string(data[:strings.IndexByte(string(data), '\n')]), `"key"`)
	}
	if encrypted() {
		t.Error("encrypted without a key")
	}
	r.stop()
	withStateKey(t)(&r.Options)
	r.start()
	r.eventually("the copy is encrypted", encrypted)
	r.use(req)
	r.balanced(1)
}
