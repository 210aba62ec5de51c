package reconciler

import (
	"context"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// act starts what was decided. Whatever it touches is busy until the effect has come back.
func (lp *loop) act(d desire.Decision) {
	switch d := d.(type) {
	case desire.Accept:
		lp.accept(d)
	case desire.Decline:
		lp.decline(d)
	case desire.Fill:
		lp.fill(d)
	case desire.GiveUp:
		lp.giveUp(d)
	case desire.DropAborted:
		lp.dropAborted(d)
	case desire.Fulfil:
		lp.fulfil(d)
	case desire.Abandon:
		lp.abandon(d)
	case desire.Yield:
		lp.yield(d)
	case desire.Resume:
		lp.resume(d)
	case desire.Reset:
		lp.reset(d)
	case desire.Delete:
		lp.delete(d)
	case desire.Deallocate:
		lp.deallocate(d)
	case desire.Husk:
		lp.husk(d.Node)
	case desire.SetPaused:
		lp.setPaused(d)
	case desire.AskMinReady:
		lp.askMinReady(d)
	case desire.EndMinReady:
		lp.endMinReady(d)
	}
}

// busyRequest marks a request while an effect works on it and returns what ends that: it runs in the loop.
func (lp *loop) busyRequest(id string) (end func(retry time.Duration)) {
	if r := lp.view.Requests[id]; r != nil {
		r.Busy = true
	}
	return func(retry time.Duration) {
		if r := lp.view.Requests[id]; r != nil {
			r.Busy = false
			if retry > 0 {
				lp.later(&r.NotBefore, retry)
			}
		}
	}
}

// busyNode is busyRequest for a node.
func (lp *loop) busyNode(id string) (end func(retry time.Duration)) {
	var before record.NodeState
	if n := lp.view.Nodes[id]; n != nil {
		n.Busy, before = true, n.State
	}
	return func(retry time.Duration) {
		if n := lp.view.Nodes[id]; n != nil {
			n.Busy = false
			if retry > 0 && n.State == before { // in another state it is another matter
				lp.later(&n.NotBefore, retry)
			}
		}
	}
}

// later holds something back for a while and makes sure that a pass looks at it then.
func (lp *loop) later(at *time.Time, d time.Duration) {
	*at = time.Now().Add(d)
	if d < time.Second { // longer ones are found by the loop's own tick
		lp.after(d, func() {})
	}
}

// after runs f in the loop once a time has passed.
func (lp *loop) after(d time.Duration, f func()) {
	lp.do(func(ctx context.Context) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			lp.post(f)
		case <-ctx.Done():
		}
	})
}
