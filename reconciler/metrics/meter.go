package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Meter counts what happens. A nil Meter counts nothing. Its methods never block and may be called by any goroutine.
type Meter struct {
	registry *prometheus.Registry
	statsd   *Statsd
	families

	leader  atomic.Bool
	changed atomic.Bool // a node has, since that was last reported
	paused  pauses
	// What others name.
	requestors, zones, kinds bounded
}

// NewMeter makes a meter; statsd may be nil.
func NewMeter(statsd *Statsd) *Meter {
	m := &Meter{registry: prometheus.NewRegistry(), statsd: statsd, families: newFamilies(), requestors: bounded{most: mostNames}, zones: bounded{most: mostNames}, kinds: bounded{most: mostNames}}
	m.registry.MustRegister(m.all()...)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Elects says whether one launcher of all is to report the node counts: for statsd, which would count them for each.
func (m *Meter) Elects() bool { return m != nil && m.statsd != nil }

// Lead notes whether this launcher is the one that does.
func (m *Meter) Lead(leads bool) {
	if m != nil {
		m.leader.Store(leads)
		m.changed.Store(true)
	}
}

// NodeChanged notes that the counts of nodes may be others now.
func (m *Meter) NodeChanged() {
	if m != nil && !m.changed.Load() {
		m.changed.Store(true)
	}
}

// Launched counts an attempt that ended.
func (m *Meter) Launched(l Launch) {
	if m == nil {
		return
	}
	m.launches.WithLabelValues(l.Provider, m.zones.name(l.Zone), l.Result).Inc()
	m.launchTime.WithLabelValues(l.Provider, l.Result).Observe(l.Took.Seconds())
	if l.Class != "" {
		m.failures.WithLabelValues(l.Provider, l.Class).Inc()
	}
	if l.Image != "" {
		m.imageLaunches.WithLabelValues(l.Image, l.Result).Inc()
	}
	if l.Requestor != "" {
		m.requestorLaunches.WithLabelValues(m.requestors.name(l.Requestor), l.Result).Inc()
	}
	m.statsd.Send(launchLines(l)...)
}

// Phase counts how long a part of a launch took.
func (m *Meter) Phase(provider, phase string, took time.Duration) {
	if m != nil {
		m.phases.WithLabelValues(provider, phase).Observe(took.Seconds())
	}
}

// Ran counts a Terraform run that ended.
func (m *Meter) Ran(r Run) {
	if m == nil {
		return
	}
	result := successLabel
	if r.Failed {
		result = failureLabel
	}
	m.runs.WithLabelValues(r.Provider, r.Kind, result).Inc()
	m.runTime.WithLabelValues(r.Provider, r.Kind).Observe(r.Took.Seconds())
}

// Deleted counts the end of a deletion, or a try of one that failed.
func (m *Meter) Deleted(provider string, failed bool, took time.Duration) {
	if m == nil {
		return
	}
	result := successLabel
	if failed {
		result = failureLabel
	}
	m.deleteTime.WithLabelValues(provider, result).Observe(took.Seconds())
}

// Fulfilled counts a request that got its nodes, this long after its creation.
func (m *Meter) Fulfilled(waited time.Duration) {
	if m != nil {
		m.requestWait.Observe(waited.Seconds())
	}
}

// Declined counts a request that a pool refused; reason is one of few.
func (m *Meter) Declined(provider, pool, reason string) {
	if m != nil {
		m.declines.WithLabelValues(provider, pool, reason).Inc()
	}
}

// Paused notes that a pool paused, or goes on.
func (m *Meter) Paused(provider, pool string, paused bool) {
	if m != nil {
		m.paused.set(poolName{provider, pool}, paused, time.Now())
	}
}

// LeakRemoved counts a leaked resource that was removed.
func (m *Meter) LeakRemoved(provider, kind string) {
	if m != nil {
		m.leaks.WithLabelValues(provider, m.kinds.name(kind)).Inc()
		m.statsd.Send(count("nodepool.provider."+provider+".leaked."+kind, 1))
	}
}

// Pass counts one turn of a loop.
func (m *Meter) Pass(loop string, took time.Duration) {
	if m != nil {
		m.loopTime.WithLabelValues(loop).Observe(took.Seconds())
	}
}
