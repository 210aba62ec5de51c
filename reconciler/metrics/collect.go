package metrics

import (
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// scrapeTime bounds how long a scrape waits for the launcher.
const scrapeTime = 5 * time.Second

// Handler serves /metrics. What is not counted as it happens is read from the source's snapshot.
func (m *Meter) Handler(source Source) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(&collector{m: m, source: source})
	return promhttp.HandlerFor(prometheus.Gatherers{m.registry, r}, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 2 * scrapeTime})
}

// collector turns a snapshot into gauges. It describes nothing beforehand: which series there are depends on the
// configuration and the records.
type collector struct {
	m      *Meter
	source Source
}

func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks for a snapshot once.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	s, err := c.source.Snapshot(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(prometheus.NewDesc("nodepool_snapshot", "What the launcher knows.", nil, nil), err)
		return
	}
	g := gauges{out}
	if s.Session.Known() {
		g.nodes(s)
		g.requests(s)
	}
	g.pools(s, c.m)
	g.work(s)
	g.launcher(s, c.m.leader.Load(), c.source.Queues())
}

// gauges writes series.
type gauges struct{ out chan<- prometheus.Metric }

// series are the label names of a family, and what it says.
func (g gauges) gauge(name, help string, v float64, labels ...string) {
	g.add(prometheus.GaugeValue, name, help, v, labels...)
}

// add takes names and values of labels in turn.
func (g gauges) add(kind prometheus.ValueType, name, help string, v float64, labels ...string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, plainLabel(labels[i+1]))
	}
	g.out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...)
}

func (g gauges) nodes(s *status.Snapshot) {
	c := countNodes(s)
	for _, state := range nodeStates {
		g.gauge("nodepool_nodes", "Nodes in ZooKeeper, of all launchers, by state.", float64(c.all[state]), "state", string(state))
		for _, p := range slices.Sorted(maps.Keys(c.providers)) {
			g.gauge("nodepool_provider_nodes", "Nodes of a provider, by state.", float64(c.providers[p][state]), "provider", p, "state", string(state))
		}
		for _, l := range slices.Sorted(maps.Keys(c.labels)) {
			g.gauge("nodepool_label_nodes", "Nodes that carry a label, by state.", float64(c.labels[l][state]), "label", l, "state", string(state))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(c.oldest)) {
		for state, age := range c.oldest[p] {
			g.gauge("nodepool_node_oldest_state_age_seconds", "Age of the node that is longest in its state.", max(0, age), "provider", p, "state", string(state))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(c.providers)) {
		g.gauge("nodepool_nodes_delete_pending", "Nodes that are being deleted.", float64(c.providers[p]["deleting"]), "provider", p)
	}
}

func (g gauges) requests(s *status.Snapshot) {
	type key struct{ state, priority string }
	count, oldest := map[key]int{}, map[string]float64{}
	for _, r := range s.Requests {
		k := key{string(r.State), plainLabel(r.Precedence())}
		if len(count) >= mostLabels && count[k] == 0 {
			k.priority = other
		}
		count[k]++
		oldest[k.state] = max(oldest[k.state], r.Age.Seconds())
	}
	for k, n := range count {
		g.gauge("nodepool_requests", "Node requests in ZooKeeper.", float64(n), "state", k.state, "priority", k.priority)
	}
	for _, state := range []string{"requested", "pending", "fulfilled", "failed"} {
		g.gauge("nodepool_request_oldest_age_seconds", "Age of the oldest request in a state, 0 for none.", oldest[state], "state", state)
	}
	requests := addressable(s)
	for _, p := range sortedPools(requests) {
		g.gauge("nodepool_pool_addressable_requests", "Requests that a pool could serve whole.", float64(requests[p]), "provider", p.provider, "pool", p.pool)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unix is a time as Prometheus has it, 0 for none.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return math.Round(float64(t.UnixMilli())) / 1000
}
