package metrics

import "github.com/prometheus/client_golang/prometheus"

// families are what is counted as it happens.
type families struct {
	launches, failures, imageLaunches, requestorLaunches, runs, declines, leaks *prometheus.CounterVec
	launchTime, phases, runTime, deleteTime, loopTime                           *prometheus.HistogramVec
	requestWait                                                                 prometheus.Histogram
}

// Buckets of durations in seconds: clouds take from a second to half an hour, a turn of a loop from a millisecond to two
// seconds. Twelve, doubling: more than that has cut scrapes off elsewhere (field-notes.md A14).
var (
	slowBuckets = prometheus.ExponentialBuckets(1, 2, 12)
	fastBuckets = prometheus.ExponentialBuckets(0.001, 2, 12)
)

func newFamilies() families {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	return families{
		launches:          counter("nodepool_launches_total", "Launch attempts that ended, by result.", "provider", "az", "result"),
		launchTime:        histogram("nodepool_launch_duration_seconds", "Time of launch attempts, host key scan included.", slowBuckets, "provider", "result"),
		requestorLaunches: counter("nodepool_requestor_launches_total", "Launch attempts that ended, by who asked for the node.", "requestor", "result"),
		imageLaunches:     counter("nodepool_image_launches_total", "Launch attempts that ended, by image.", "image", "result"),
		failures:          counter("nodepool_tf_launch_failures_total", "Launch attempts that failed, by class of failure.", "provider", "class"),
		phases:            histogram("nodepool_tf_launch_phase_seconds", "Time of the parts of launches: queue, apply, keyscan.", slowBuckets, "provider", "phase"),
		runs:              counter("nodepool_tf_runs_total", "Terraform runs that ended.", "provider", "kind", "result"),
		runTime:           histogram("nodepool_tf_run_duration_seconds", "Time of Terraform runs.", slowBuckets, "provider", "kind"),
		deleteTime:        histogram("nodepool_node_delete_duration_seconds", "Time from the decision to delete a node to its end, or to a try that failed.", slowBuckets, "provider", "result"),
		requestWait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nodepool_request_wait_seconds", Help: "Time from the creation of requests to their fulfilment.", Buckets: slowBuckets,
		}),
		declines: counter("nodepool_request_declines_total", "Requests that a pool declined.", "provider", "pool", "reason"),
		leaks:    counter("nodepool_leaked_resources_total", "Leaked resources that were removed.", "provider", "kind"),
		loopTime: histogram("nodepool_loop_duration_seconds", "Time of one turn of a loop.", fastBuckets, "loop"),
	}
}

func (f *families) all() []prometheus.Collector {
	return []prometheus.Collector{
		f.launches, f.failures, f.imageLaunches, f.requestorLaunches, f.runs, f.declines, f.leaks,
		f.launchTime, f.phases, f.runTime, f.deleteTime, f.loopTime, f.requestWait,
	}
}
