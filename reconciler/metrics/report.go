package metrics

import (
	"context"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// Queues is what waits between ZooKeeper and the launcher: changes that were seen and not yet taken in, and records that
// are to be read.
type Queues struct{ NodeEvents, NodeReads, RequestEvents, RequestReads int }

// Source is the launcher, as far as its figures need it. Any goroutine may call it.
type Source interface {
	// Snapshot is what is known now. The only error is ctx's.
	Snapshot(ctx context.Context) (*status.Snapshot, error)
	// Queues is what waits now.
	Queues() Queues
}

// Intervals of operator-surface.md 3.2 and 3.4.
const (
	reportEvery = time.Second
	queuesEvery = 10 // reports; so often limits are looked up, too
)

// Report tells statsd what is, until ctx ends: the limits about once a second, the counts of nodes after one has changed and
// if this launcher leads. Without statsd it does nothing.
func (m *Meter) Report(ctx context.Context, source Source, host string) {
	if !m.Elects() {
		return
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		m.statsd.Run(ctx)
	}()
	defer func() { <-sent }()
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	r := report{Meter: m, source: source}
	for n := 0; ; n++ {
		if n%queuesEvery == 0 {
			m.statsd.Report(ctx, queueLines(host, source.Queues()))
			r.limits = nil
		}
		r.send(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// report is what goes on from one second to the next.
type report struct {
	*Meter
	source Source
	limits []string // nil: to be looked up
}

// send takes a snapshot only where it says something new: that costs a walk over the fleet.
func (r *report) send(ctx context.Context) {
	due := r.leader.Load() && r.changed.Load()
	if due || r.limits == nil {
		cleared := time.Now()
		if due {
			r.changed.Store(false)
		}
		s, err := r.source.Snapshot(ctx)
		if err != nil {
			r.changed.Store(true)
			return
		}
		r.limits = append([]string{}, limitLines(s)...)
		if due && s.Session == status.Connected {
			r.statsd.Report(ctx, nodeLines(s))
		}
		if due && (s.Session != status.Connected || s.At.Before(cleared)) { // it may be from before the change
			r.changed.Store(true)
		}
	}
	r.statsd.Report(ctx, r.limits)
}
