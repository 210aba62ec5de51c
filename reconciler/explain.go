package reconciler

import (
	"context"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/explain"
	"github.com/nodepool-tf/nodepool-tf/reconciler/journal"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// Explain is what the launcher knows of a request or node: what its next pass makes of it, and its journal. It costs the
// loop a decision. Any goroutine may call it; the only error is ctx's.
func (l *Launcher) Explain(ctx context.Context, id string) (*explain.Daemon, error) {
	d := &explain.Daemon{ID: id, Host: l.fqdn, Version: l.opts.Version, At: time.Now(), Session: string(status.Connecting)}
	if _, lp := l.board.look(time.Now()); lp != nil {
		done := make(chan struct{})
		select {
		case lp.asks <- func() { lp.explain(d); close(done) }:
			<-done
		case <-lp.ctx.Done():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if d.Journal = l.journal.Of(id); d.Journal == nil {
		d.Journal = []journal.Entry{}
	}
	return d, nil
}

// explain fills in what only the loop knows.
func (lp *loop) explain(d *explain.Daemon) {
	d.Session = string(status.Connected)
	if lp.s.Suspended() {
		d.Session = string(status.Suspended)
	}
	now := time.Now()
	if lp.view.Requests[d.ID] != nil {
		seen := lp.view
		seen.Now, seen.Due = now, desire.Due{}
		r := explain.OfRequest(&seen, d.ID)
		if h := lp.handlers[d.ID]; h != nil {
			r.Waits = lp.handlerWaits(h, now)
		}
		for i := range r.Verdicts { // they quote what Terraform said of a label
			for j, reason := range r.Verdicts[i].Reasons {
				r.Verdicts[i].Reasons[j] = lp.l.history.redact(reason)
			}
		}
		d.Request = &r
	}
	switch {
	case lp.launches[d.ID] != nil:
		d.Node = "it is being launched: " + lp.launchWaits(d.ID)
	case lp.deletions[d.ID] != nil:
		d.Node = "what it has in the cloud is being destroyed"
	}
}
