package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/sshd"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// TestStaticTwoLaunchers: two launchers serve the same machines, one of them dies, and no slot is ever registered twice:
// neither finds more nodes than slots.
func TestStaticTwoLaunchers(t *testing.T) {
	t.Parallel()
	r := newStaticRig(t, shortSession)
	a, _ := r.machine("a")
	r.configure(fmt.Sprintf(`{name: 127.0.0.1, labels: bench, connection-port: %d, max-parallel-jobs: 4}`, a))
	r.start()
	r.logged("machines are looked after by this launcher")
	b := r.peer()
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	var slots []string
	for i := range 4 {
		slots = append(slots, fmt.Sprintf("%d/%d", a, i))
	}
	r.ready(slots...)
	r.eventually("the second launcher serves", func() bool { return len(r.registered()) == 2 })
	if strings.Contains(b.Log(), "looked after") {
		t.Error("both look after the machines")
	}
	r.serveMany(4, 5)
	r.kill()
	r.serveMany(4, 3)
	if !strings.Contains(b.Log(), "looked after") {
		t.Error("the second launcher served without looking after the machines")
	}
	r.start()
	r.serveMany(4, 3)
	r.ready(slots...)
	for _, log := range []string{r.Log(), b.Log()} {
		if strings.Contains(log, "fewer slots") {
			t.Error("a slot was registered twice")
		}
	}
}

// registered lists the pool components.
func (r *staticRig) registered() []string {
	names, _, err := r.s.Children(r.ctx, "/nodepool/components/pool")
	if err != nil {
		r.t.Fatal(err)
	}
	return names
}

// serveMany lets several builds run at a time, each several times over.
func (r *staticRig) serveMany(builds, times int) {
	r.t.Helper()
	g, ctx := errgroup.WithContext(r.ctx)
	for range builds {
		g.Go(func() error {
			for range times {
				if err := r.build(ctx, "bench"); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		r.t.Fatal(err)
	}
}

// build asks for a node, uses it and gives it back.
func (r *staticRig) build(ctx context.Context, label string) error {
	id, err := r.Submit(ctx, "acme", label)
	if err != nil {
		return err
	}
	req, err := r.Requestor.Wait(ctx, id)
	if err != nil {
		return err
	}
	if req.State != record.RequestFulfilled {
		return fmt.Errorf("request %s is %s", id, req.State)
	}
	held, err := r.Accept(ctx, req)
	if err == nil {
		err = r.Set(ctx, held, record.NodeInUse)
	}
	if err == nil {
		err = r.Return(ctx, held)
	}
	return err
}

// TestStaticAfterNodepool: what Nodepool's own static driver registered is adopted and served, and Nodepool adopts and
// serves what we registered.
func TestStaticAfterNodepool(t *testing.T) {
	t.Parallel()
	python, err := nodepool.Venv(t.Context(), "")
	if errors.Is(err, nodepool.ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skipf("NOT RUN: nothing was tried against Nodepool itself: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	certs, err := zkserver.NewCerts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	srv := zktest.Start(t, zkserver.Options{TLS: certs})
	tls := [3]string{certs.ClientCert, certs.ClientKey, certs.CA}
	r := newStaticRig(t, servers(srv.Addr), func(o *rig.Options) { o.TLS = tls })
	a, _ := r.machine("a")
	machine := fmt.Sprintf(`{name: 127.0.0.1, labels: [bench, arm], connection-port: %d, max-parallel-jobs: 2, shell-type: sh}`, a)
	r.configure(machine)
	r.connect()
	slots := []string{fmt.Sprintf("%d/0", a), fmt.Sprintf("%d/1", a)}
	theirs := func() *nodepool.Launcher {
		l, err := nodepool.Start(r.ctx, python, t.TempDir(), nodepool.Options{Servers: r.Servers, TLS: tls, Provider: "rack", Labels: []string{"bench", "arm"}, Static: []string{machine}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			l.Kill()
			if t.Failed() {
				t.Logf("Nodepool's log:\n%s", l.Log())
			}
		})
		return l
	}

	l := theirs()
	before := r.ready(slots...)
	if err := r.build(r.ctx, "arm"); err != nil {
		t.Fatal(err)
	}
	before = r.renewed(before)
	if err := l.Stop(r.ctx); err != nil {
		t.Fatal(err)
	}

	r.start()
	r.logged("machines are looked after by this launcher")
	r.same(before, r.ready(slots...))
	if err := r.build(r.ctx, "arm"); err != nil {
		t.Fatal(err)
	}
	before = r.renewed(before)
	r.stop()

	l = theirs()
	r.same(before, r.ready(slots...))
	if err := r.build(r.ctx, "arm"); err != nil {
		t.Fatal(err)
	}
	r.renewed(before)
	if strings.Contains(r.Log(), "fewer slots") {
		t.Error("a slot was there twice")
	}

	// Side by side with one provider: Nodepool does not know our lock, and what is too many goes again.
	r.start()
	r.eventually("both serve", func() bool { return len(r.registered()) == 2 })
	r.serveMany(3, 5)
	r.beside = true
	r.ready(slots...)
	if log := l.Log(); strings.Contains(log, "Traceback") || strings.Contains(log, " ERROR ") {
		t.Error("Nodepool met something it could not read")
	}
}

// renewed waits until one of some nodes was used, is gone, and its slot is registered again.
func (r *staticRig) renewed(before map[string]*record.Node) map[string]*record.Node {
	r.t.Helper()
	var slots []string
	for at := range before {
		slots = append(slots, at)
	}
	r.eventually("a used node is gone", func() bool {
		for _, n := range before {
			if r.Nodes()[n.ID] == nil {
				return true
			}
		}
		return false
	})
	return r.ready(slots...)
}

// same checks that nodes were adopted, not registered anew.
func (r *staticRig) same(before, after map[string]*record.Node) {
	r.t.Helper()
	for at, n := range before {
		if after[at].ID != n.ID {
			r.t.Errorf("slot %s was node %s and is %s", at, n.ID, after[at].ID)
		}
	}
}

// TestStaticWithZuul is a build's life on static nodes with Zuul's own code on the other side.
func TestStaticWithZuul(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	port, err := sshd.FreePort("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	machine, err := sshd.Start(dir, "127.0.0.1", port, "ed25519")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { machine.Stop() })
	r := newZuulRig(t, staticConfig(fmt.Sprintf(`{name: 127.0.0.1, labels: [bench, arm], connection-port: %d, max-parallel-jobs: 2}`, port)))
	id := r.ask([]string{"arm", "bench"}, nil)
	if s := r.await(id, "fulfilled", "failed"); s != "fulfilled" {
		t.Fatalf("request is %s", s)
	}
	waits := r.ask([]string{"arm"}, nil)
	var accepted struct{ Nodes []map[string]any }
	r.do("accept", request(id), &accepted)
	slots := map[any]bool{}
	for _, n := range accepted.Nodes {
		slots[n["slot"]] = true
		if n["interface_ip"] != "127.0.0.1" || n["connection_type"] != "ssh" || n["connection_port"] != float64(port) || n["state"] != "ready" || fmt.Sprint(n["host_keys"]) != fmt.Sprint(machine.Keys) {
			t.Errorf("Zuul sees %v", n)
		}
	}
	if len(slots) != 2 {
		t.Errorf("slots %v", slots)
	}
	r.do("use", request(id), nil)
	r.do("give_back", request(id), nil)
	r.await(waits, "fulfilled")
	r.do("cancel", request(waits), nil)
	r.eventually("both slots are free", func() bool {
		free := 0
		for _, n := range r.Nodes() {
			if n.State == record.NodeReady && n.AllocatedTo == "" {
				free++
			}
		}
		return free == 2 && len(r.Nodes()) == 2
	})
}
