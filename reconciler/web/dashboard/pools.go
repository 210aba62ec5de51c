package dashboard

import (
	"maps"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Pools are the providers of the configuration with their pools, and the tenants that have limits.
type Pools struct {
	Providers []Provider
	Tenants   []Tenant
}

// Provider heads its pools.
type Provider struct {
	Name, Driver string
	Link         Link // to its nodes
	Plan         bool // a preview can be asked for
	Trouble      string
	Since        *Moment // of the trouble
	Work         string  // what waits and runs
	Pools        []Pool
}

// Pool is a pool with what is used of each of its limits.
type Pool struct {
	Name, Labels string
	Usage        []Usage
	Notes        []Note
}

// Usage is one resource: the first is always the nodes.
type Usage struct {
	Resource string
	Used     string
	Limit    string // "" for none
	Full     bool
	Bar      Bar
}

// Note is why a pool, or a label of it, does not take what is asked of it.
type Note struct {
	Text  string
	Until *Moment
}

// Tenant is a tenant with limits.
type Tenant struct {
	Name  string
	Usage []Usage
}

func newPools(s *status.Snapshot, q Query, c clock) Pools {
	var v Pools
	fleet := poolFleet(s.Nodes)
	index := map[string]int{}
	for i := range s.Providers {
		p := &s.Providers[i]
		index[p.Name] = i
		v.Providers = append(v.Providers, newProvider(p, q, c))
	}
	for i := range s.Pools {
		p := &s.Pools[i]
		if at, ok := index[p.Provider]; ok {
			pool := newPool(p, fleet[[2]string{p.Provider, p.Name}], c)
			if !s.Session.Known() {
				pool.Notes = nil // the alert says it all
				for i := range pool.Usage {
					pool.Usage[i].Used = "–"
				}
			}
			v.Providers[at].Pools = append(v.Providers[at].Pools, pool)
		}
	}
	for _, t := range s.Tenants {
		v.Tenants = append(v.Tenants, Tenant{word(t.Name), usages(t.Limits, t.Used)})
	}
	return v
}

// poolFleet counts the nodes of each pool by state.
func poolFleet(nodes []status.Node) map[[2]string]map[record.NodeState]int {
	m := map[[2]string]map[record.NodeState]int{}
	for i := range nodes {
		key := [2]string{nodes[i].Provider, nodes[i].Pool}
		if m[key] == nil {
			m[key] = map[record.NodeState]int{}
		}
		m[key][nodes[i].State]++
	}
	return m
}

func newProvider(p *status.Provider, q Query, c clock) Provider {
	v := Provider{
		Name: word(p.Name), Driver: word(p.Driver), Link: Link{q.ofProvider(p.Name).URL() + "#nodes", q.Provider == p.Name},
		Plan: p.Driven, Work: work(p),
	}
	switch {
	case !p.Driven:
		v.Work = "driver not served here"
	case p.Trouble != "":
		v.Trouble = word(p.TroubleClass) + ": " + word(p.Trouble)
	case !p.Up && p.LastFailure != nil:
		v.Trouble, v.Since = word(p.LastFailure.Class)+": "+word(p.LastFailure.Text), c.moment(p.LastFailure.At)
	case !p.Up:
		v.Trouble = "it does not work"
	}
	return v
}

// work is what waits and runs for a provider, "" for nothing.
func work(p *status.Provider) string {
	var parts []string
	for _, n := range []struct {
		n    int
		what string
	}{
		{p.Work.Creating, "creating"}, {p.Work.Destroying, "destroying"}, {p.Work.Background, "refreshing"},
		{p.Work.CreatesWaiting, "to launch"}, {p.Work.DestroysWaiting, "to delete"},
	} {
		if n.n > 0 {
			parts = append(parts, count(n.n)+" "+n.what)
		}
	}
	return strings.Join(parts, " · ")
}

func newPool(p *status.Pool, fleet map[record.NodeState]int, c clock) Pool {
	v := Pool{Name: word(p.Name), Labels: word(strings.Join(p.Labels, ", ")), Usage: []Usage{nodeUsage(p, fleet)}}
	limits := maps.Clone(p.Limits)
	delete(limits, "instances")
	v.Usage = append(v.Usage, usages(limits, p.Used)...)
	if !p.QuotaRefused.IsZero() {
		v.Notes = append(v.Notes, Note{"the cloud's quota is used up; next try", c.moment(p.QuotaRefused)})
	} else if p.Paused {
		v.Notes = append(v.Notes, Note{"paused: more is wanted than fits", nil})
	}
	for _, l := range p.Stopped {
		v.Notes = append(v.Notes, Note{"label " + word(l.Label) + " is stopped: " + word(l.Reason), c.moment(l.Until)})
	}
	if !p.Registered {
		v.Notes = append(v.Notes, Note{"not registered", nil})
	}
	return v
}

// nodeUsage draws the nodes of a pool by state within what it may have.
func nodeUsage(p *status.Pool, fleet map[record.NodeState]int) Usage {
	limit, limited := p.Limits["instances"]
	total, parts := 0, []part{}
	var words []string
	for _, state := range states {
		if n := fleet[state]; n > 0 {
			total += n
			parts = append(parts, part{string(state), float64(n)})
			words = append(words, count(n)+" "+string(state))
		}
	}
	used := float64(total)
	if limited { // those whose records are being created count too
		used = max(used, p.Used["instances"])
	}
	u := Usage{Resource: "nodes", Used: amount(used), Bar: newBar("", limit, parts...)}
	u.Bar.Label = strings.Join(words, ", ")
	if limited {
		u.Limit, u.Full = amount(limit), used >= limit
	}
	return u
}

// usages are what is used of limits, by name of the resource.
func usages(limits, used map[string]float64) (all []Usage) {
	for _, res := range slices.Sorted(maps.Keys(limits)) {
		name, scale := unit(res)
		limit, n := limits[res]/scale, used[res]/scale
		u := Usage{Resource: word(name), Used: amount(n), Limit: amount(limit), Full: n >= limit}
		class := "used-share"
		if u.Full {
			class = "full-share"
		}
		u.Bar = newBar(u.Resource+": "+u.Used+" of "+u.Limit, limit, part{class, n})
		all = append(all, u)
	}
	return all
}

// unit is how a resource is called, and by what its numbers are divided.
func unit(res string) (name string, scale float64) {
	switch res {
	case "instances":
		return "nodes", 1
	case "ram":
		return "RAM GiB", 1024
	}
	return res, 1
}
