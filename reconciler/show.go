package reconciler

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// show fills in what only the loop knows. Records are shared, not copied: what the view holds is never written to, a
// change replaces it.
func (lp *loop) show(s *status.Snapshot) {
	v := &lp.view
	now := time.Now()
	s.Session = status.Connected
	if lp.s.Suspended() {
		s.Session = status.Suspended
	}
	s.Nodes = make([]status.Node, 0, len(v.Nodes))
	for _, n := range v.Nodes {
		s.Nodes = append(s.Nodes, shownNode(n))
	}
	s.Requests = make([]status.Request, 0, len(v.Requests))
	var waits map[string][]string
	for id, r := range v.Requests {
		if r.State == record.RequestRequested && waits == nil {
			seen := *v
			seen.Now, seen.Due = now, desire.Due{}
			waits = desire.Waits(&seen)
		}
		s.Requests = append(s.Requests, lp.shownRequest(r.Request, waits[id], now))
	}
	s.Registered = make([]*record.Pool, 0, len(v.Pools))
	for _, id := range slices.Sorted(maps.Keys(v.Pools)) {
		s.Registered = append(s.Registered, v.Pools[id])
	}
	s.Pools, s.Providers = configured(lp.cfg)
	s.Unserved = lp.unserved.now
	s.Stuck = lp.peers.allStuck()
	used := desire.Used(v)
	for i := range s.Pools {
		lp.showPool(&s.Pools[i], used.Pools, now)
	}
	for i := range s.Providers {
		lp.showCloud(&s.Providers[i], used.Providers)
	}
	for name, limits := range lp.cfg.TenantLimits {
		s.Tenants = append(s.Tenants, status.Tenant{Name: name, Limits: limits, Used: used.Tenants[name]})
	}
}

// showCloud says how a provider's cloud is doing, where that is looked up.
func (lp *loop) showCloud(p *status.Provider, used map[string]map[string]float64) {
	c := lp.view.Clouds[p.Name]
	if c == nil {
		return
	}
	p.Trouble, p.TroubleClass, p.Unknown = lp.l.history.redact(c.Trouble), c.Class, c.Trouble != "" && c.Labels == nil
	if len(c.Limits) > 0 {
		p.Quota = &status.Quota{Limits: c.Limits, Used: used[p.Name], Unmanaged: c.Unmanaged}
	}
}

// shownNode says of the lock what the loop knows: it watches only those that matter to it.
func shownNode(n *desire.Node) status.Node {
	out := status.Node{Node: n.Node}
	switch {
	case n.Held:
		out.Locked, out.LockKnown = true, true
	case n.Known:
		out.Locked, out.LockKnown = n.Contended, true
	default:
		out.Locked = n.State == record.NodeInUse || n.State == record.NodeBuilding || n.State == record.NodeReady && n.AllocatedTo != ""
	}
	return out
}

func (lp *loop) shownRequest(r *record.Request, waits []string, now time.Time) status.Request {
	since := r.StateTime
	if r.CreatedTime != nil {
		since = *r.CreatedTime
	}
	out := status.Request{Request: r, Age: time.Duration(max(0, record.Now(now)-since) * float64(time.Second)), Waits: strings.Join(waits, "; ")}
	if h := lp.handlers[r.ID]; h != nil {
		out.Provider, out.Pool = h.Provider, h.Pool
		for i := range h.Nodes {
			if h.Nodes[i].Status == desire.Ready {
				out.Ready++
			}
		}
		out.Waits = lp.handlerWaits(h, now)
	} else if r.State == record.RequestPending {
		out.Waits = "another launcher works on it, or did"
	}
	return out
}

// handlerWaits says what a request in hand waits for.
func (lp *loop) handlerWaits(h *handler, now time.Time) string {
	var parts []string
	if h.Paused {
		why := "quota of pool " + h.Provider + "/" + h.Pool
		if q := lp.l.setbacks.Quota(setback.Pool{Provider: h.Provider, Pool: h.Pool}, now); q.Hold == setback.Held {
			why = "quota of the cloud, next try in " + roughly(q.Until.Sub(now)).String()
		}
		parts = append(parts, why)
	}
	count := map[string]int{}
	for i := range h.Nodes {
		if n := &h.Nodes[i]; n.Status == desire.Launching {
			count[lp.launchWaits(n.ID)]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d × %s", count[what], what))
	}
	return strings.Join(parts, "; ")
}

// launchWaits says how far the launch of a node is.
func (lp *loop) launchWaits(id string) string {
	la := lp.launches[id]
	if la == nil {
		return "record being made"
	}
	switch la.phase {
	case applying:
		if la.label.Backing != nil {
			return lp.slotWaits(la)
		}
		if lp.l.manager.Waiting(id) {
			return "waiting for a Terraform run"
		}
		return "being made"
	case asking:
		return "waiting until the cloud has said what its label is made of"
	case finishing:
		return "host keys and record"
	case cleaning:
		return la.left.String()
	case waiting:
		return "waiting to be tried again"
	}
	return "ending"
}

func (lp *loop) showPool(p *status.Pool, used map[desire.PoolKey]map[string]float64, now time.Time) {
	key := desire.PoolKey{Provider: p.Provider, Pool: p.Name}
	p.ID, p.Used = lp.l.own[key], used[key]
	if r := lp.pools[key]; r != nil {
		p.Registered, p.Paused = lp.view.Pools[p.ID] != nil && !lp.view.Draining, r.pool.Paused
	}
	if q := lp.l.setbacks.Quota(setback.Pool(key), now); q.Hold == setback.Held {
		p.QuotaRefused = q.Until
	}
	provider := lp.cfg.Provider(p.Provider)
	if provider == nil || provider.Pool(p.Name) == nil {
		return
	}
	pool := provider.Pool(p.Name)
	for _, name := range sortedLabels(pool.Labels) {
		if l := lp.l.setbacks.Label(pool.Labels[name], now); l.Hold == setback.Held {
			p.Stopped = append(p.Stopped, status.StoppedLabel{Label: name, Reason: lp.l.history.redact(l.Reason), Until: l.Until})
		}
	}
}

// configured lists what a configuration has.
func configured(c *config.Config) (pools []status.Pool, providers []status.Provider) {
	for _, p := range c.Providers {
		providers = append(providers, status.Provider{Name: p.Name, Driver: p.Driver, Driven: true})
		for _, pool := range p.Pools {
			pools = append(pools, status.Pool{Provider: p.Name, Name: pool.Name, Labels: pool.LabelNames, Priority: pool.Priority, Limits: pool.Limits})
		}
	}
	for _, p := range c.Undriven {
		providers = append(providers, status.Provider{Name: p.Name, Driver: p.Driver})
	}
	return pools, providers
}
