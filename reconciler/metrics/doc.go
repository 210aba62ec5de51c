// Package metrics says in numbers how a launcher does: to Prometheus, which asks (/metrics), and to statsd, which is told,
// with the names that Nodepool's dashboards know (operator-surface.md 3).
//
// What happens is counted by a Meter, which the launcher calls where it happens. What is, is read from the snapshot when
// somebody asks, so that nothing is counted while nobody does. It owns a registry of its own and the statsd socket; it
// reads neither ZooKeeper nor files, decides nothing, and never blocks who calls it.
//
// Labels are bounded: what comes from records (labels of nodes, requestors) beyond some number of values counts as
// "other". The launcher, and cmd, import it.
package metrics
