package reconciler

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// choosePools finds out as which pools the launcher is registered. A configured pool that nobody serves is taken for
// registered under an id of its own; a registered one has the labels that are configured.
func (g *glimpse) choosePools() {
	here := fqdn()
	v := &g.scene.View
	for _, p := range g.cfg.Providers {
		for _, pool := range p.Pools {
			key := desire.PoolKey{Provider: p.Name, Pool: pool.Name}
			var found *record.Pool
			for _, c := range g.pools {
				if c.ProviderName != p.Name || c.Name != pool.Name {
					continue
				}
				if found == nil || c.Hostname == here && found.Hostname != here {
					found = c.Pool
				}
			}
			rec := record.Pool{ID: "plan/" + p.Name + "/" + pool.Name, Name: pool.Name, ProviderName: p.Name}
			if found != nil {
				rec = *found
				g.served[key] = found
				g.host = cmp.Or(g.host, found.Hostname)
			}
			rec.SupportedLabels, rec.Priority = slices.Sorted(slices.Values(pool.LabelNames)), pool.Priority
			v.Pools[rec.ID] = &rec
			v.Own[key] = rec.ID
		}
	}
	g.dropRemoved()
}

// dropRemoved forgets pools of the launcher that are not configured: with this configuration they are not registered.
func (g *glimpse) dropRemoved() {
	own := slices.Collect(maps.Values(g.scene.View.Own))
	sessions := g.sessions()
	for _, c := range g.pools {
		if sessions[c.session] && !slices.Contains(own, c.ID) {
			delete(g.scene.View.Pools, c.ID)
		}
	}
}

// sessions are those in which the launcher's pools are registered. Where none of them is configured, as after a provider
// was renamed, the launcher on this host is meant.
func (g *glimpse) sessions() map[int64]bool {
	ours := map[int64]bool{}
	for _, c := range g.pools {
		if len(g.served) == 0 && c.session != 0 && c.Hostname == fqdn() {
			ours[c.session] = true
		}
		for _, p := range g.served {
			if p.ID == c.ID && c.session != 0 {
				ours[c.session] = true
			}
		}
	}
	return ours
}

// chooseLauncher finds out whose state directory the launcher has: it names the owner of each node.
func (g *glimpse) chooseLauncher() {
	data, _ := os.ReadFile(filepath.Join(g.cfg.Terraform.StateDir, "id"))
	here := strings.TrimSpace(string(data))
	if here != "" && (g.host == "" || g.launchers[here].Alive) {
		g.stateID = here
		return
	}
	for _, id := range slices.Sorted(maps.Keys(g.launchers)) {
		l := g.launchers[id]
		if l.Alive && g.host != "" && l.About.Hostname == g.host {
			g.stateID = id
			return
		}
	}
	g.stateID = here
}

// foreign is that of peers, for a launcher that has seen the others for long enough.
func (g *glimpse) foreign(n *record.Node) bool {
	if n.Provider == "" || n.State == record.NodeDeleted || n.Launcher == static.Launcher {
		return false
	}
	if p := g.cfg.Provider(n.Provider); p != nil && p.Metastatic() {
		return false // whoever gives its slots
	}
	owner := n.OwnerAmong(maps.Keys(g.launchers))
	return owner == "" || owner != g.stateID && g.launchers[owner].Alive
}

func (g *glimpse) seeNodes() {
	for id, n := range g.scene.View.Nodes {
		n.Contended = g.holders[id]
		n.Foreign = g.foreign(n.Node)
	}
}

// seeRequests tells those that a launcher works on, and those that are min-ready requests of ours.
func (g *glimpse) seeRequests() {
	v := &g.scene.View
	ours := g.sessions()
	for id, r := range v.Requests {
		if r.Requestor == desire.RequestorMinReady && ours[g.owners[id]] && len(r.NodeTypes) > 0 {
			v.MinReady[id] = r.NodeTypes[0]
		}
		if !g.holders[id] {
			continue
		}
		g.scene.InHand[id] = true
		r.Busy = true
		if h := g.handler(id, r.Request); h != nil {
			v.Handlers[id] = h
		}
	}
}

// handler is what one of our pools has in hand, as far as its nodes tell.
func (g *glimpse) handler(id string, r *record.Request) *desire.Handler {
	h := &desire.Handler{Request: id, Busy: true}
	for _, n := range g.scene.View.Nodes {
		if n.AllocatedTo != id || len(n.Type) == 0 {
			continue
		}
		p := g.served[desire.PoolKey{Provider: n.Provider, Pool: n.Pool}]
		if p == nil || n.Launcher != p.ID && n.State != record.NodeReady {
			return nil
		}
		h.Provider, h.Pool = n.Provider, n.Pool
		n.Held = true
		status := desire.Launching
		if n.State == record.NodeReady {
			status = desire.Ready
		}
		h.Nodes = append(h.Nodes, desire.HandlerNode{Key: len(h.Nodes) + 1, Label: n.Type[0], ID: n.ID, Status: status})
	}
	if h.Pool == "" {
		return nil
	}
	h.Paused = g.served[desire.PoolKey{Provider: h.Provider, Pool: h.Pool}].Paused && len(h.Nodes) < len(r.NodeTypes)
	return h
}
