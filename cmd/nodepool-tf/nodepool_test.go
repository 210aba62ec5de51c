package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
)

// TestBesideNodepool runs both launchers on one ZooKeeper and asks for everything that the registry and the request
// protocol decide between them.
func TestBesideNodepool(t *testing.T) {
	t.Parallel()
	r := newBesideRig(t)
	kept := r.wait(r.submit("small"), record.RequestFulfilled) // Nodepool finds it at its start
	held, err := r.Accept(r.ctx, kept)
	if err == nil {
		err = r.Set(r.ctx, held, record.NodeInUse)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.pythonWeb = freePort(t)
	r.startNodepool()
	r.pagesAgree()

	r.eachServesItsOwn()
	r.unservableIsDeclinedByBoth()
	r.preferenceIsHonoured()
	r.sharedLabelIsServedOnce()

	r.eventually("only the node in use is left", func() bool { return len(r.Nodes()) == 1 })
	if n := r.Nodes()[kept.Nodes[0]]; n == nil || n.State != record.NodeInUse {
		t.Errorf("the node that was in use all the time: %+v", n)
	}
	if err := r.Return(r.ctx, held); err != nil {
		t.Fatal(err)
	}
	r.empty()
	r.bothDeregister()
}

// TestNodepoolDies: ready nodes of either count for both launchers' min-ready. When Nodepool is killed, its labels and its
// preference go with it, what it has stays, and requests that only we can still serve are served.
func TestNodepoolDies(t *testing.T) {
	t.Parallel()
	r := newBesideRig(t)
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	r.startNodepool(func(o *nodepool.Options) { o.Labels, o.MinReady, o.Priority = []string{"both"}, 2, 10 })
	ready := func() (by map[string]int) {
		by = map[string]int{}
		for _, n := range r.Nodes() {
			if n.State == record.NodeReady && n.AllocatedTo == "" {
				by[n.Provider]++
			}
		}
		return by
	}
	// Its own loop may ask for one more than it lacks, while its cache is behind (protocol.md 4.10).
	settled := func() bool {
		return !slices.ContainsFunc(r.Requests(), func(id string) bool { return strings.HasPrefix(id, desire.MinReadyPrefix) })
	}
	// Nodepool asks for them before its own pool is there, so ours may be faster.
	r.eventually("two are ready", func() bool { by := ready(); return by["python"]+by["local"] >= 2 && settled() })
	had := ready()
	// Ours wants one more. Its request is served by the pool that is preferred, and its node is nobody's then.
	more := fmt.Sprintf("{name: both, min-ready: %d}", had["python"]+had["local"]+1)
	r.configure("{name: both}", more)
	r.eventually("one more is ready", func() bool { return ready()["python"] > had["python"] && settled() })
	r.wait(r.submit("no-such-label"), record.RequestFailed) // some passes of both later
	if by := ready(); by["python"] <= had["python"] || by["local"] != had["local"] {
		t.Errorf("ready: %v, before the last %v", by, had)
	}
	r.configure(more, "{name: both}")

	r.eventually("nothing is asked for", settled)
	kept := ready()["python"]
	r.python.Kill()
	r.eventually("its pool is gone", func() bool { return len(r.poolIDs()) == 1 })
	orphan := r.wait(r.prefer("python", "both"), record.RequestFulfilled) // 4.3 rule 4: nobody of that name is there
	if got := r.provider(orphan); got != "local" {
		t.Errorf("served by %s", got)
	}
	r.use(orphan)
	if n := ready()["python"]; n != kept {
		t.Errorf("%d nodes of Nodepool are left, want %d", n, kept)
	}
	r.stop()
}

func (r *besideRig) eachServesItsOwn() {
	r.t.Helper()
	small, py := r.submit("small"), r.submit("py")
	for id, want := range map[string]string{small: "local", py: "python"} {
		req := r.wait(id, record.RequestFulfilled)
		if got := r.provider(req); got != want {
			r.t.Errorf("label %v was served by %s", req.NodeTypes, got)
		}
		r.use(req)
	}
}

func (r *besideRig) unservableIsDeclinedByBoth() {
	r.t.Helper()
	want := slices.Sorted(maps.Values(r.poolIDs()))
	for _, labels := range [][]string{{"no-such-label"}, {"small", "py"}} {
		req := r.wait(r.submit(labels...), record.RequestFailed)
		if got := slices.Sorted(slices.Values(req.DeclinedBy)); !slices.Equal(got, want) {
			r.t.Errorf("labels %v: failed when %v had declined, want %v", labels, got, want)
		}
		if err := r.Cancel(r.ctx, req.ID); err != nil {
			r.t.Error(err)
		}
	}
}

// preferenceIsHonoured leaves a spare node of ours, which must not go to somebody who prefers Nodepool's.
func (r *besideRig) preferenceIsHonoured() {
	r.t.Helper()
	spare := r.wait(r.prefer("local", "both"), record.RequestFulfilled)
	if got := r.provider(spare); got != "local" {
		r.t.Errorf("a request for local was served by %s", got)
	}
	if err := r.Cancel(r.ctx, spare.ID); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("node is free", func() bool { n := r.Nodes()[spare.Nodes[0]]; return n != nil && n.AllocatedTo == "" })
	py := r.wait(r.prefer("python", "both"), record.RequestFulfilled)
	if got := r.provider(py); got != "python" {
		r.t.Errorf("a request for python was served by %s", got)
	}
	r.use(py)
	again := r.wait(r.prefer("local", "both"), record.RequestFulfilled)
	if again.Nodes[0] != spare.Nodes[0] {
		r.t.Errorf("the request got node %s, not the spare %s", again.Nodes[0], spare.Nodes[0])
	}
	r.use(again)
}

// sharedLabelIsServedOnce asks for more than our pool holds; no node is given back before both launchers have served.
func (r *besideRig) sharedLabelIsServedOnce() {
	r.t.Helper()
	r.eventually("earlier nodes are gone", func() bool { return len(r.Nodes()) == 1 })
	byBoth := make(chan struct{})
	by := map[string]int{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(r.ctx)
	var ids []string
	for range 10 {
		id := r.submit("both")
		ids = append(ids, id)
		g.Go(func() error {
			return r.serve(ctx, id, func(provider string) {
				mu.Lock()
				by[provider]++
				if by[provider] == 1 && len(by) == 2 {
					close(byBoth)
				}
				mu.Unlock()
				select {
				case <-byBoth:
				case <-ctx.Done():
				}
			})
		})
	}
	if err := g.Wait(); err != nil {
		r.t.Fatalf("%v; served so far: %v", err, by)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	given := map[string]string{}
	for _, id := range ids {
		if len(r.served[id]) != 1 {
			r.t.Errorf("nodes of request %s: %v", id, r.served[id])
		}
		for node := range r.served[id] {
			if other := given[node]; other != "" {
				r.t.Errorf("node %s was given to %s and %s", node, other, id)
			}
			given[node] = id
		}
	}
}

// serve uses the node of one request; while it is in use, using is called with its provider.
func (r *besideRig) serve(ctx context.Context, id string, using func(provider string)) error {
	req, err := r.Requestor.Wait(ctx, id)
	if err != nil {
		return err
	}
	r.note(id, req.Nodes...)
	held, err := r.Accept(ctx, req)
	if err == nil {
		err = r.Set(ctx, held, record.NodeInUse)
	}
	if err != nil {
		return err
	}
	using(held[0].Node.Provider)
	return r.Return(ctx, held)
}

// bothDeregister stops Nodepool, whose label nobody offers then, and after it ours.
func (r *besideRig) bothDeregister() {
	r.t.Helper()
	if err := r.python.Stop(r.ctx); err != nil {
		r.t.Error(err)
	}
	r.eventually("one pool is left", func() bool { p := r.poolIDs(); return len(p) == 1 && p["local"] != "" })
	req := r.wait(r.submit("py"), record.RequestFailed)
	if want := []string{r.poolIDs()["local"]}; !slices.Equal(req.DeclinedBy, want) {
		r.t.Errorf("declined by %v, want %v", req.DeclinedBy, want)
	}
	r.stop()
	for _, kind := range []string{"pool", "launcher"} {
		left, _, err := r.s.Children(r.ctx, "/nodepool/components/"+kind)
		if err != nil || len(left) > 0 {
			r.t.Errorf("still registered as %s: %v (%v)", kind, left, err)
		}
	}
	if log := r.python.Log(); strings.Contains(log, "Traceback") || strings.Contains(log, " ERROR ") {
		r.t.Error("Nodepool met something it could not read")
	}
	if strings.Contains(r.Log(), "level=ERROR") {
		r.t.Error("our launcher met something it could not read")
	}
}
