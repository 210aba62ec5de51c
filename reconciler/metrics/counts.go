package metrics

import (
	"math"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// nodeStates are all eleven, in the order of the protocol.
var nodeStates = []record.NodeState{
	record.NodeInit, record.NodeBuilding, record.NodeTesting, record.NodeReady, record.NodeInUse, record.NodeUsed,
	record.NodeHold, record.NodeDeleting, record.NodeFailed, record.NodeAborted, record.NodeDeleted,
}

// byState counts nodes; a state that is missing has none.
type byState map[record.NodeState]int

// counts are what the nodes of a snapshot add up to, everybody's nodes.
type counts struct {
	all       byState
	providers map[string]byState // those of live pools, and those that nodes name
	labels    map[string]byState
	// oldest is the age of the node that is longest in its state, in seconds, by provider.
	oldest map[string]map[record.NodeState]float64
}

// countNodes takes time in proportion to the nodes: a millisecond for ten thousand.
func countNodes(s *status.Snapshot) counts {
	c := counts{all: byState{}, providers: map[string]byState{}, labels: map[string]byState{}, oldest: map[string]map[record.NodeState]float64{}}
	for _, p := range s.Registered {
		in(c.providers, p.ProviderName, mostProviders)
		for _, l := range p.SupportedLabels {
			in(c.labels, l, mostLabels)
		}
	}
	now := record.Now(s.At)
	for _, n := range s.Nodes {
		c.all[n.State]++
		if n.Provider != "" {
			in(c.providers, n.Provider, mostProviders)[n.State]++
			name := plainLabel(n.Provider)
			if c.oldest[name] == nil && len(c.oldest) < mostProviders {
				c.oldest[name] = map[record.NodeState]float64{}
			}
			if ages := c.oldest[name]; ages != nil {
				ages[n.State] = max(ages[n.State], now-n.StateTime)
			}
		}
		for i, l := range n.Type {
			if l != "" && !slices.Contains(n.Type[:i], l) {
				in(c.labels, l, mostLabels)[n.State]++
			}
		}
	}
	return c
}

// in finds or makes the counts of a name; beyond so many names they are the others'.
func in(m map[string]byState, name string, most int) byState {
	name = plainLabel(name) // two that look the same afterwards are one series
	if m[name] == nil {
		if len(m) >= most {
			name = other
		}
		if m[name] == nil {
			m[name] = byState{}
		}
	}
	return m[name]
}

// addressable counts the requests, in any state, that a pool could serve whole: with the labels that it announces.
func addressable(s *status.Snapshot) map[poolName]int {
	out := map[poolName]int{}
	for _, p := range s.Registered {
		have := map[string]bool{}
		for _, l := range p.SupportedLabels {
			have[l] = true
		}
		key := poolName{plainLabel(p.ProviderName), plainLabel(p.Name)}
		out[key] += 0
		for _, r := range s.Requests {
			if len(r.NodeTypes) > 0 && !slices.ContainsFunc(r.NodeTypes, func(l string) bool { return !have[l] }) {
				out[key]++
			}
		}
	}
	return out
}

// maxServers sums the pools of each provider; infinite when one of them is unlimited.
func maxServers(s *status.Snapshot) map[string]float64 {
	out := map[string]float64{}
	for _, p := range s.Pools {
		limit, ok := p.Limits["instances"]
		if !ok {
			limit = math.Inf(1)
		}
		out[p.Provider] += limit
	}
	return out
}

// limits sums the limits of each provider's pools by resource, where all of them have one.
func limits(s *status.Snapshot) map[string]map[string]float64 {
	out := map[string]map[string]float64{}
	for _, p := range s.Pools {
		if out[p.Provider] == nil {
			out[p.Provider] = map[string]float64{}
		}
		for res, n := range p.Limits {
			out[p.Provider][res] += n
		}
	}
	for _, p := range s.Pools {
		for res := range out[p.Provider] {
			if _, ok := p.Limits[res]; !ok {
				out[p.Provider][res] = math.Inf(1)
			}
		}
	}
	for _, p := range s.Providers { // what the cloud grants, if that is less
		if p.Quota == nil || out[p.Name] == nil {
			continue
		}
		for res, n := range p.Quota.Limits {
			if own, ok := out[p.Name][res]; !ok || n < own {
				out[p.Name][res] = n
			}
		}
	}
	return out
}
