package config

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/metastatic"
)

// Backing says which nodes are asked for to share them out in slots, and when they are given back (config-reference.md
// 4.10).
type Backing struct {
	// Label is asked for.
	Label string
	// MaxParallelJobs is the number of slots of a node.
	MaxParallelJobs int
	// GraceTime is how long a node stays without a slot in use, MinRetentionTime how long at least since it was asked
	// for; past MaxAge, unless that is 0, it gets no new slots.
	GraceTime, MinRetentionTime, MaxAge time.Duration
}

// takeBacking completes the labels of a metastatic provider. A slot counts for one instance and nothing else.
func (p *Provider) takeBacking(o *metastatic.Provider) {
	for _, pool := range o.Pools.List {
		for _, l := range pool.Labels.List {
			label := p.Pool(pool.Name).Labels[l.Name]
			label.Resources = map[string]float64{"cores": 0, "instances": 1, "ram": 0}
			label.Backing = &Backing{
				Label: l.BackingLabel, MaxParallelJobs: l.MaxParallelJobs,
				GraceTime: l.GraceTime, MinRetentionTime: l.MinRetentionTime, MaxAge: l.MaxAge,
			}
		}
	}
}
