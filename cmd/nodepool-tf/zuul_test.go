package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
	"github.com/nodepool-tf/nodepool-tf/testdata/zuul"
)

// zuulRig is a launcher served by Zuul's own client code, over mutual TLS as Zuul always does.
type zuulRig struct {
	*testRig
	zuul *zuul.Driver
}

func newZuulRig(t *testing.T, config string) *zuulRig {
	t.Helper()
	python, err := zuul.Venv(t.Context(), "")
	if errors.Is(err, zuul.ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skipf("NOT RUN: nothing was tried against Zuul's own code: %v", err)
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
	r := newRig(t, config, servers(srv.Addr), func(o *rig.Options) { o.TLS = tls }).start()
	d, err := zuul.Start(r.ctx, python, zuul.Options{Hosts: srv.Addr, TLS: tls})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return &zuulRig{r, d}
}

// do runs a command of testdata/zuul/driver.py.
func (r *zuulRig) do(command string, args map[string]any, reply any) {
	r.t.Helper()
	if err := r.zuul.Do(r.ctx, command, args, reply); err != nil {
		r.t.Fatal(err)
	}
}

func (r *zuulRig) ask(labels []string, more map[string]any) string {
	r.t.Helper()
	args := map[string]any{"labels": labels}
	for k, v := range more {
		args[k] = v
	}
	var sent struct{ Request string }
	r.do("submit", args, &sent)
	return sent.Request
}

func (r *zuulRig) await(id string, states ...string) string {
	r.t.Helper()
	var got struct{ State string }
	r.do("wait", map[string]any{"request": id, "states": states}, &got)
	return got.State
}

func request(id string) map[string]any { return map[string]any{"request": id} }

// TestZuulGetsUsesAndReturns is a build's life with Zuul's own code on the other side.
func TestZuulGetsUsesAndReturns(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, instantConfig)
	id := r.ask([]string{"small", "large", "small"}, nil)
	if s := r.await(id, "fulfilled", "failed"); s != "fulfilled" {
		t.Fatalf("request is %s", s)
	}
	var accepted struct{ Nodes []map[string]any }
	r.do("accept", request(id), &accepted)
	var types []any
	for _, n := range accepted.Nodes {
		types = append(types, n["type"].([]any)[0])
		if n["interface_ip"] != "127.0.0.1" || n["connection_type"] != "ssh" || n["state"] != "ready" {
			t.Errorf("Zuul sees %v", n)
		}
	}
	if want := []any{"small", "large", "small"}; !slices.Equal(types, want) {
		t.Errorf("labels %v, want %v", types, want)
	}
	r.do("use", request(id), nil)
	node := r.Nodes()
	if len(node) != 3 {
		t.Errorf("%d nodes", len(node))
	}
	r.do("give_back", request(id), nil)
	r.empty()
}

func TestZuulUnknownLabelFails(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, instantConfig)
	id := r.ask([]string{"small", "no-such-label"}, nil)
	if s := r.await(id, "fulfilled", "failed"); s != "failed" {
		t.Errorf("request is %s", s)
	}
}

// TestZuulCancelsWhilePending deletes a request that is being launched; its node serves the next.
func TestZuulCancelsWhilePending(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, gatedConfig)
	id := r.ask([]string{"gated"}, nil)
	r.await(id, "pending")
	r.began(1)
	r.do("cancel", request(id), nil)
	r.gate("open")
	again := r.ask([]string{"gated"}, nil)
	r.await(again, "fulfilled")
	r.do("accept", request(again), nil)
	r.do("use", request(again), nil)
	r.do("give_back", request(again), nil)
	// Which of the two nodes served the second request is open; the other is a spare.
	r.eventually("one spare at most", func() bool {
		n := r.books()
		return len(r.Nodes()) <= 1 && n["create"]-n["destroy"] == len(r.Nodes()) && r.Workspaces() == len(r.Nodes())
	})
}

// TestZuulRevisesPriority: with a pool of one in use, the request that Zuul moves forward is served first.
func TestZuulRevisesPriority(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, strings.Replace(gatedConfig, "max-servers: 20", "max-servers: 1", 1))
	r.gate("open")
	first := r.ask([]string{"gated"}, nil)
	r.await(first, "fulfilled")
	paused := r.ask([]string{"gated"}, nil) // accepted, waits for quota
	r.await(paused, "pending")
	slow := r.ask([]string{"gated"}, map[string]any{"relative_priority": 1})
	fast := r.ask([]string{"gated"}, map[string]any{"relative_priority": 9})
	r.eventually("the slow request is seen", func() bool { return r.Request(slow) != nil })
	var revised struct{ Revised bool }
	r.eventually("Zuul revises", func() bool {
		r.do("revise", map[string]any{"request": fast, "relative_priority": 0}, &revised)
		return revised.Revised
	})
	for _, id := range []string{first, paused, fast} {
		r.await(id, "fulfilled")
		if q := r.Request(slow); q == nil || q.State == record.RequestFulfilled {
			t.Fatalf("the slow request was served before %s", id)
		}
		r.do("accept", request(id), nil)
		r.do("use", request(id), nil)
		r.do("give_back", request(id), nil)
	}
	r.await(slow, "fulfilled")
}

// TestZuulHolds: an autohold keeps the node until Zuul releases it.
func TestZuulHolds(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, instantConfig)
	id := r.ask([]string{"small"}, nil)
	r.await(id, "fulfilled")
	r.do("accept", request(id), nil)
	r.do("use", request(id), nil)
	var hold struct{ Hold string }
	r.do("hold", request(id), &hold)
	r.use(r.wait(r.submit("small"), record.RequestFulfilled)) // the launcher has had time to do wrong
	var held *record.Node
	r.eventually("node is held", func() bool {
		for _, n := range r.Nodes() {
			if n.State == record.NodeHold {
				held = n
			}
		}
		return held != nil
	})
	r.do("release_hold", map[string]any{"hold": hold.Hold}, nil)
	r.empty()
}

// TestZuulExecutorDies: nodes of an executor that vanished are deleted once its locks are gone.
func TestZuulExecutorDies(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, instantConfig)
	id := r.ask([]string{"small"}, nil)
	r.await(id, "fulfilled")
	r.do("accept", request(id), nil)
	r.do("use", request(id), nil)
	r.do("executor_dies", nil, nil)
	r.empty()
}

// TestKazooAndWeExclude takes the launcher's locks with kazoo.
func TestKazooAndWeExclude(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, gatedConfig)
	id := r.ask([]string{"gated"}, nil)
	r.began(1)
	var node string
	for n := range r.Nodes() {
		node = n
	}
	var got struct{ Held bool }
	for _, path := range []string{"/nodepool/requests-lock/" + id, "/nodepool/nodes/" + node + "/lock"} {
		r.do("lock", map[string]any{"path": path}, &got)
		if got.Held {
			t.Errorf("kazoo got %s, which the launcher holds", path)
		}
	}
	r.gate("open")
	r.await(id, "fulfilled")
	for _, path := range []string{"/nodepool/requests-lock/" + id, "/nodepool/nodes/" + node + "/lock"} {
		r.do("lock", map[string]any{"path": path}, &got)
		if !got.Held {
			t.Errorf("kazoo did not get %s after the request was fulfilled", path)
		}
	}
	// A used node that kazoo has locked stays until kazoo lets go.
	n := r.Nodes()[node].Clone()
	n.State = record.NodeUsed
	if _, err := r.s.Set(r.ctx, "/nodepool/nodes/"+node, n.Encode(), -1); err != nil {
		t.Fatal(err)
	}
	other := r.ask([]string{"gated"}, nil)
	r.await(other, "fulfilled")
	if r.Nodes()[node] == nil {
		t.Error("a locked node was deleted")
	}
	r.do("unlock", map[string]any{"path": "/nodepool/nodes/" + node + "/lock"}, nil)
	if err := r.WaitNode(r.ctx, node); err != nil {
		t.Error(err)
	}
}

// TestZuulSeesPools reads the registry with Zuul's code.
func TestZuulSeesPools(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, instantConfig)
	var got struct {
		Launchers []struct {
			ID     string
			Labels []string `json:"supported_labels"`
		}
	}
	r.eventually("one pool", func() bool { r.do("launchers", nil, &got); return len(got.Launchers) == 1 })
	if l := got.Launchers[0].Labels; !slices.Equal(l, []string{"large", "small"}) {
		t.Errorf("labels %v", l)
	}
}
