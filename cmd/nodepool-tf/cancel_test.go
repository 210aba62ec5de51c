package main

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestCancel deletes a request at every stage of its life. What was launched for it ends as a spare node that serves
// the next request, what was not is never launched; nothing is left that nobody remembers.
func TestCancel(t *testing.T) {
	t.Parallel()
	one := func(o *rig.Options) { o.Terraform = "max-concurrent-applies: 1" }
	cancel := func(t *testing.T, r *testRig, id string) {
		t.Helper()
		if err := r.Cancel(r.ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("before a launcher sees it", func(t *testing.T) {
		r := newRig(t, gatedConfig)
		r.connect()
		id := r.submit("gated")
		cancel(t, r, id)
		r.start()
		r.gate("open")
		r.use(r.wait(r.submit("gated"), record.RequestFulfilled))
		r.empty()
		if n := r.books(); n["create"] != 1 {
			t.Errorf("books: %v", n)
		}
	})
	t.Run("while it waits for a free run", func(t *testing.T) {
		r := newRig(t, gatedConfig, one).start()
		first := r.submit("gated")
		r.began(1)
		waiting := r.submit("gated")
		r.eventually("pending", func() bool { q := r.Request(waiting); return q != nil && q.State == record.RequestPending })
		r.eventually("two nodes", func() bool { return len(r.Nodes()) == 2 })
		cancel(t, r, waiting)
		r.eventually("its node is gone", func() bool { return len(r.Nodes()) == 1 })
		r.gate("open")
		r.use(r.wait(first, record.RequestFulfilled))
		r.empty()
		if n := r.books(); n["begin"] != 1 {
			t.Errorf("books: %v, the cancelled one was launched", n)
		}
	})
	t.Run("while it is applied", func(t *testing.T) {
		r := newRig(t, gatedConfig).start()
		id := r.submit("gated")
		r.began(1)
		cancel(t, r, id)
		r.gate("open")
		r.eventually("spare node", func() bool {
			for _, n := range r.Nodes() {
				return n.State == record.NodeReady && n.AllocatedTo == ""
			}
			return false
		})
		r.use(r.wait(r.submit("gated"), record.RequestFulfilled))
		r.empty()
		if n := r.books(); n["create"] != 1 || n["destroy"] != 1 {
			t.Errorf("books: %v", n)
		}
	})
	t.Run("while an apply that will fail runs", func(t *testing.T) {
		r := newRig(t, gatedConfig).start()
		id := r.submit("gated")
		r.began(1)
		cancel(t, r, id)
		r.gate("fail")
		r.gate("open")
		r.empty()
	})
	t.Run("fulfilled", func(t *testing.T) {
		r := newRig(t, gatedConfig).start()
		r.gate("open")
		req := r.wait(r.submit("gated"), record.RequestFulfilled)
		cancel(t, r, req.ID)
		again := r.wait(r.submit("gated"), record.RequestFulfilled)
		r.use(again)
		r.eventually("at most one spare", func() bool { return len(r.Nodes()) <= 1 })
		n := r.books()
		if n["create"]-n["destroy"] != len(r.Nodes()) {
			t.Errorf("books: %v with %d nodes", n, len(r.Nodes()))
		}
	})
	t.Run("while a launcher is down", func(t *testing.T) {
		r := newRig(t, gatedConfig).start()
		id := r.submit("gated")
		r.began(1)
		r.kill()
		cancel(t, r, id)
		r.gate("open")
		r.start()
		r.empty()
		if n := r.books(); n["create"] != n["destroy"] {
			t.Errorf("books: %v", n)
		}
	})
}
