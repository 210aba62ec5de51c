package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestMain(m *testing.M) { zktest.Main(m) }

var build = sync.OnceValues(func() (string, error) {
	dir, err := zktest.Folder()
	if err != nil {
		return "", err
	}
	return rig.Build(context.Background(), dir)
})

// testRig is a rig with a requestor, in a ZooKeeper tree of the test's own.
type testRig struct {
	*rig.Rig
	*requestor.Requestor
	t       *testing.T
	ctx     context.Context
	s       *session.Session
	gateDir string
}

// newRig writes a rig's configuration; the launcher is not started. %GATES% in config is a folder for the module
// testdata/modules/gated.
func newRig(t *testing.T, config string, change ...func(*rig.Options)) *testRig {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	gates := filepath.Join(dir, "gates")
	if err := os.Mkdir(gates, 0o755); err != nil {
		t.Fatal(err)
	}
	o := rig.Options{Dir: dir, Binary: binary, Config: expand(config, gates)}
	for _, f := range change {
		f(&o)
	}
	if len(o.Servers) == 0 {
		srv, chroot := zktest.Shared(t)
		o.Servers, o.Chroot = []string{srv.Addr}, chroot
	}
	r, err := rig.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Second)
	tr := &testRig{Rig: r, t: t, ctx: ctx, gateDir: gates}
	t.Cleanup(func() {
		r.Close()
		if tr.Requestor != nil {
			tr.Requestor.Close()
			tr.s.Close()
		}
		cancel()
		if t.Failed() {
			t.Logf("launcher's log:\n%s", r.Log())
		}
	})
	return tr
}

func expand(config, gates string) string {
	return strings.NewReplacer("%GATES%", gates, "%INSTANT%", rig.Module("instant"), "%GATED%", rig.Module("gated")).Replace(config)
}

// start runs launcher and requestor.
func (r *testRig) start(args ...string) *testRig {
	r.t.Helper()
	if err := r.Start(args...); err != nil {
		r.t.Fatal(err)
	}
	if r.Requestor == nil {
		r.connect()
	}
	return r
}

func (r *testRig) connect() {
	r.t.Helper()
	q, s, err := r.Rig.Requestor(r.ctx, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Requestor, r.s = q, s
}

func (r *testRig) submit(labels ...string) string {
	r.t.Helper()
	id, err := r.Submit(r.ctx, "acme", labels...)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// wait returns the request once it is in the given final state.
func (r *testRig) wait(id string, want record.RequestState) *record.Request {
	r.t.Helper()
	req, err := r.Requestor.Wait(r.ctx, id)
	if err != nil {
		r.t.Fatal(err)
	}
	if req.State != want {
		r.t.Fatalf("request %s is %s, want %s", id, req.State, want)
	}
	for _, n := range req.Nodes { // the requestor may see them later than the request
		if err := r.WaitNode(r.ctx, n, record.NodeReady); err != nil {
			r.t.Fatal(err)
		}
	}
	return req
}

// use takes a fulfilled request's nodes and gives them back, as Zuul does.
func (r *testRig) use(req *record.Request) {
	r.t.Helper()
	held, err := r.Accept(r.ctx, req)
	if err == nil {
		err = r.Set(r.ctx, held, record.NodeInUse)
	}
	if err == nil {
		err = r.Return(r.ctx, held)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// eventually waits for something that no ZooKeeper event tells.
func (r *testRig) eventually(what string, ok func() bool) {
	r.t.Helper()
	for !ok() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-r.ctx.Done():
			r.t.Fatalf("never happened: %s", what)
		}
	}
}

// empty waits until nothing of any node is left: no record, no workspace.
func (r *testRig) empty() {
	r.t.Helper()
	r.eventually("all nodes gone", func() bool { return len(r.Nodes()) == 0 })
	r.eventually("all workspaces gone", func() bool { return r.Workspaces() == 0 })
}

// gate makes a file that the gated module looks for.
func (r *testRig) gate(name string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.gateDir, name), nil, 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// books counts the gated module's entries by kind: begin, create, destroy.
func (r *testRig) books() map[string]int {
	data, _ := os.ReadFile(filepath.Join(r.gateDir, "books"))
	n := map[string]int{}
	for _, line := range strings.Split(string(data), "\n") {
		kind, _, _ := strings.Cut(line, " ")
		n[kind]++
	}
	return n
}

// began waits until n creations have begun.
func (r *testRig) began(n int) {
	r.t.Helper()
	r.eventually("creations begun", func() bool { return r.books()["begin"] >= n })
}

// kill ends the launcher as a crash would.
func (r *testRig) kill() { r.Kill() }

// stop ends the launcher in good order.
func (r *testRig) stop() {
	r.t.Helper()
	if err := r.Stop(r.ctx); err != nil {
		r.t.Fatalf("launcher did not stop in good order: %v", err)
	}
}

// logged waits until the launcher's log contains the text.
func (r *testRig) logged(text string) {
	r.t.Helper()
	r.eventually("log says "+text, func() bool { return strings.Contains(r.Log(), text) })
}
