package metrics

import (
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// launchLines are what Nodepool sends of a launch attempt that ended: a counter and a timer each.
func launchLines(l Launch) []string {
	keys := []string{"nodepool.launch." + l.Result, "nodepool.launch.provider." + l.Provider + "." + l.Result}
	if l.Zone != "" {
		keys = append(keys, "nodepool.launch.provider."+l.Provider+"."+l.Zone+"."+l.Result)
	}
	if l.Requestor != "" {
		keys = append(keys, "nodepool.launch.requestor."+clean(l.Requestor)+"."+l.Result)
	}
	if l.Image != "" {
		keys = append(keys, "nodepool.launch.image."+l.Image+"."+l.Result)
	}
	var lines []string
	for _, k := range keys {
		lines = append(lines, count(k, 1), timer(k, l.Took))
	}
	return lines
}

// nodeLines are the gauges of all nodes and requests, which one launcher of all reports.
func nodeLines(s *status.Snapshot) []string {
	c := countNodes(s)
	var lines []string
	states := func(prefix string, n byState) {
		for _, state := range nodeStates {
			lines = append(lines, gauge(prefix+".nodes."+string(state), float64(n[state]))...)
		}
	}
	states("nodepool", c.all)
	for _, name := range slices.Sorted(maps.Keys(c.providers)) {
		states("nodepool.provider."+name, c.providers[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.labels)) {
		states("nodepool.label."+name, c.labels[name])
	}
	requests := addressable(s)
	for _, p := range sortedPools(requests) {
		lines = append(lines, gauge("nodepool.provider."+p.provider+".pool."+p.pool+".addressable_requests", float64(requests[p]))...)
	}
	return lines
}

// limitLines are the gauges of limits, which every launcher reports of its own configuration.
func limitLines(s *status.Snapshot) []string {
	var lines []string
	servers := maxServers(s)
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		lines = append(lines, gauge("nodepool.provider."+name+".max_servers", servers[name])...)
	}
	for _, t := range s.Tenants {
		for _, res := range slices.Sorted(maps.Keys(t.Limits)) {
			lines = append(lines, gauge("nodepool.tenant_limits."+clean(t.Name)+"."+clean(res), t.Limits[res])...)
		}
	}
	return lines
}

// queueLines are the gauges of queues between ZooKeeper and the launcher.
func queueLines(host string, q Queues) []string {
	prefix := "nodepool.launcher." + host + ".zk."
	lines := gauge(prefix+"client.connection_queue", 0) // requests go out at once
	for _, cache := range []struct {
		name             string
		events, playback int
	}{{"node", q.NodeEvents, q.NodeReads}, {"request", q.RequestEvents, q.RequestReads}, {"image", 0, 0}} {
		lines = append(lines, gauge(prefix+cache.name+"_cache.event_queue", float64(cache.events))...)
		lines = append(lines, gauge(prefix+cache.name+"_cache.playback_queue", float64(cache.playback))...)
	}
	return lines
}

func sortedPools[V any](m map[poolName]V) []poolName {
	return slices.SortedFunc(maps.Keys(m), func(a, b poolName) int {
		return slices.Compare([]string{a.provider, a.pool}, []string{b.provider, b.pool})
	})
}
