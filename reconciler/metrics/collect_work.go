package metrics

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

func (g gauges) pools(s *status.Snapshot, m *Meter) {
	servers, most := maxServers(s), limits(s)
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		g.gauge("nodepool_provider_max_servers", "Servers that the pools of a provider may have, +Inf for no limit.", servers[name], "provider", name)
		for _, res := range slices.Sorted(maps.Keys(most[name])) {
			g.gauge("nodepool_quota_limit", "What the pools of a provider may use, by their limits and their cloud's quota, +Inf for no limit.", most[name][res], "provider", name, "resource", res)
		}
	}
	for _, p := range s.Providers {
		if p.Quota == nil {
			continue
		}
		for _, res := range slices.Sorted(maps.Keys(p.Quota.Limits)) {
			g.gauge("nodepool_quota_unmanaged", "What counts against the quota of a provider's cloud and is none of its nodes.", p.Quota.Unmanaged[res], "provider", p.Name, "resource", res)
		}
	}
	for _, p := range s.Pools {
		id := []string{"provider", p.Provider, "pool", p.Name}
		for _, res := range slices.Sorted(maps.Keys(p.Limits)) {
			g.gauge("nodepool_quota_used", "What counts against the limits of a pool.", p.Used[res], append(id, "resource", res)...)
		}
		g.gauge("nodepool_pool_registered", "Whether the pool is registered in ZooKeeper.", truth(p.Registered), id...)
		g.gauge("nodepool_pool_paused", "Whether the pool waits for quota.", truth(p.Paused), id...)
		g.add(prometheus.CounterValue, "nodepool_pool_paused_seconds_total", "For how long the pool has been paused: for quota, or for room on the disk.", m.paused.total(poolName{p.Provider, p.Name}, s.At).Seconds(), id...)
		g.gauge("nodepool_tf_setbacks", "What the cloud refuses to a pool now: its quota (1), and the labels stopped for credentials or configuration.", truth(!p.QuotaRefused.IsZero()), append(id, "class", "quota")...)
		stopped := map[string]int{"auth": 0, "config": 0}
		for _, l := range p.Stopped {
			class, _, _ := strings.Cut(l.Reason, ":")
			if _, known := stopped[class]; known {
				stopped[class]++
			}
		}
		for class, n := range stopped {
			g.gauge("nodepool_tf_setbacks", "What the cloud refuses to a pool now: its quota (1), and the labels stopped for credentials or configuration.", float64(n), append(id, "class", class)...)
		}
	}
	for _, t := range s.Tenants {
		for _, res := range slices.Sorted(maps.Keys(t.Limits)) {
			g.gauge("nodepool_tenant_limit", "Limit of a tenant.", t.Limits[res], "tenant", t.Name, "resource", res)
		}
	}
	for _, l := range s.Leaks {
		g.gauge("nodepool_leak_candidates", "Leaked resources that the newest list of the provider shows, and that were not removed since.", float64(l.Left), "provider", l.Provider, "kind", l.Type)
	}
}

func (g gauges) work(s *status.Snapshot) {
	for _, p := range s.Providers {
		if !p.Driven {
			continue
		}
		g.gauge("nodepool_provider_up", "Whether the newest launches, and what was asked of its cloud, show that the provider answers.", truth(p.Up), "provider", p.Name)
		g.gauge("nodepool_tf_runs", "Terraform runs under way.", float64(p.Work.Creating), "provider", p.Name, "kind", "create")
		g.gauge("nodepool_tf_runs", "Terraform runs under way.", float64(p.Work.Destroying), "provider", p.Name, "kind", "destroy")
		g.gauge("nodepool_tf_runs", "Terraform runs under way.", float64(p.Work.Background), "provider", p.Name, "kind", "background")
		g.gauge("nodepool_tf_waiting", "Launches and workspaces that wait for a run.", float64(p.Work.CreatesWaiting), "provider", p.Name, "kind", "create")
		g.gauge("nodepool_tf_waiting", "Launches and workspaces that wait for a run.", float64(p.Work.DestroysWaiting), "provider", p.Name, "kind", "destroy")
		g.gauge("nodepool_tf_run_memory_bytes", "What the runs of a provider are believed to take.", float64(p.Work.Memory), "provider", p.Name)
	}
	w := s.Workspaces
	g.gauge("nodepool_tf_run_memory_limit_bytes", "Bound on what all runs may take, 0 for none.", float64(w.MemoryLimit))
	g.gauge("nodepool_tf_workspaces", "Workspaces of this launcher.", float64(w.Workspaces))
	g.gauge("nodepool_tf_workspace_nodes", "Nodes in workspaces of this launcher.", float64(w.Nodes))
	g.gauge("nodepool_tf_workspaces_behind", "Workspaces whose copy in ZooKeeper is older than they are.", float64(w.Behind))
	g.gauge("nodepool_tf_lease_held", "Whether this launcher holds the lease on its workspaces.", truth(w.Kept))
	p := s.Plugins
	g.gauge("nodepool_tf_plugins", "Provider plugins kept running.", float64(p.Running), "state", "running")
	g.gauge("nodepool_tf_plugins", "Provider plugins kept running.", float64(p.Retiring), "state", "retiring")
	for name, n := range map[string]int{"starts": p.Starts, "failures": p.Failures, "deaths": p.Deaths, "replacements": p.Replacements, "reuses": p.Reattached} {
		g.add(prometheus.CounterValue, "nodepool_tf_plugin_"+name+"_total", "What became of provider plugins kept running: "+name+".", float64(n))
	}
	for reason, n := range p.Ordinary {
		g.add(prometheus.CounterValue, "nodepool_tf_plugin_fallbacks_total", "Runs whose Terraform started provider plugins itself.", float64(n), "reason", string(reason))
	}
}

func (g gauges) launcher(s *status.Snapshot, leads bool, q Queues) {
	g.gauge("nodepool_tf_info", "The launcher.", 1, "version", s.Version)
	g.gauge("nodepool_tf_zookeeper_connected", "Whether there is a connection to ZooKeeper.", truth(s.Session == status.Connected))
	g.gauge("nodepool_stats_leader", "Whether this launcher reports the counts of nodes to statsd.", truth(leads))
	c := s.Config
	g.gauge("nodepool_config_last_load_success", "Whether the configuration files are in force as they are.", truth(c.LastError == ""))
	g.gauge("nodepool_config_last_load_timestamp_seconds", "When a configuration came into force, or was last found to be of no use.", unix(c.Loaded), "outcome", "success")
	g.gauge("nodepool_config_last_load_timestamp_seconds", "When a configuration came into force, or was last found to be of no use.", unix(c.LastFailed), "outcome", "failure")
	for outcome, n := range c.Outcomes {
		g.add(prometheus.CounterValue, "nodepool_tf_config_loads_total", "Loads of the configuration.", float64(n), "outcome", outcome)
	}
	g.gauge("nodepool_zk_client_queue_length", "Requests to ZooKeeper that were not sent yet.", 0)
	for _, one := range []struct {
		cache, queue string
		n            int
	}{{"node", "event", q.NodeEvents}, {"node", "playback", q.NodeReads}, {"request", "event", q.RequestEvents}, {"request", "playback", q.RequestReads}, {"image", "event", 0}, {"image", "playback", 0}} {
		g.gauge("nodepool_zk_cache_queue_length", "Changes in ZooKeeper not yet taken in (event), and records to be read (playback).", float64(one.n), "cache", one.cache, "queue", one.queue)
	}
}

// plainLabel makes a label's value valid: records may hold anything.
func plainLabel(s string) string {
	if len(s) > mostName {
		s = s[:mostName]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
