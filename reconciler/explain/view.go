package explain

import (
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// World is what ZooKeeper says.
type World struct {
	Nodes    []*record.Node
	Locked   map[string]bool // node ids whose lock has a contender
	Requests []*record.Request
	Pools    []*record.Pool
	Uploads  []*record.ImageUpload
	Host     string // whose launcher is asked first, where several serve a pool
	Now      time.Time
}

// View is what the launcher of a configuration would go by, as far as ZooKeeper tells: what clouds refused lately and
// what is begun only its own process knows. Pools that no running launcher has registered are there as if one had: see
// unregistered.
func (w *World) View(c *config.Config) *desire.View {
	v := &desire.View{
		Now: w.Now, Config: c, Requests: map[string]*desire.Request{}, Nodes: map[string]*desire.Node{}, Pools: map[string]*record.Pool{},
		Own: map[desire.PoolKey]string{}, Handlers: map[string]*desire.Handler{}, Images: map[desire.ImageKey]string{},
	}
	for _, r := range w.Requests {
		v.Requests[r.ID] = &desire.Request{Request: r}
	}
	for _, n := range w.Nodes {
		v.Nodes[n.ID] = &desire.Node{Node: n, Known: true, Contended: w.Locked[n.ID]}
	}
	for _, p := range w.Pools {
		v.Pools[p.ID] = p
		key := desire.PoolKey{Provider: p.ProviderName, Pool: p.Name}
		if provider := c.Provider(key.Provider); provider == nil || provider.Pool(key.Pool) == nil {
			continue
		}
		if v.Own[key] == "" || p.Hostname == w.Host {
			v.Own[key] = p.ID
		}
	}
	for _, provider := range c.Providers {
		for _, pool := range provider.Pools {
			key := desire.PoolKey{Provider: provider.Name, Pool: pool.Name}
			if v.Own[key] == "" {
				v.Own[key] = unregistered + provider.Name + "/" + pool.Name
				v.Pools[v.Own[key]] = &record.Pool{
					ID: v.Own[key], ProviderName: provider.Name, Name: pool.Name, SupportedLabels: pool.LabelNames, Priority: pool.Priority,
				}
			}
		}
	}
	newest := map[desire.ImageKey]float64{}
	for _, u := range w.Uploads {
		key := desire.ImageKey{Provider: u.Provider, Image: u.Image}
		if u.State == record.UploadReady && u.ExternalID != "" && u.StateTime > newest[key] {
			newest[key], v.Images[key] = u.StateTime, u.ExternalID
		}
	}
	w.handlers(v)
	return v
}

// unregistered begins the ids of pools that no running launcher has registered.
const unregistered = "unregistered "

// handlers are the pending requests with a node in one of our pools. A pool that says it is paused has one that waits
// for quota: one that lacks nodes.
func (w *World) handlers(v *desire.View) {
	for _, n := range w.Nodes {
		r := v.Requests[n.AllocatedTo]
		key := desire.PoolKey{Provider: n.Provider, Pool: n.Pool}
		if r == nil || r.State != record.RequestPending || v.Own[key] == "" || len(n.Type) == 0 {
			continue
		}
		h := v.Handlers[r.ID]
		if h == nil {
			h = &desire.Handler{Request: r.ID, Provider: key.Provider, Pool: key.Pool}
			v.Handlers[r.ID] = h
		}
		state := desire.Launching
		if n.State == record.NodeReady {
			state = desire.Ready
		}
		h.Nodes = append(h.Nodes, desire.HandlerNode{Key: len(h.Nodes), Label: n.Type[0], ID: n.ID, Status: state})
		v.Nodes[n.ID].Held = true
	}
	for id, h := range v.Handlers {
		pool := v.Pools[v.Own[desire.PoolKey{Provider: h.Provider, Pool: h.Pool}]]
		h.Paused = pool.Paused && len(h.Nodes) < len(v.Requests[id].NodeTypes)
	}
}

// serves tells whether a provider is in the configuration or a running launcher has registered a pool of it.
func (w *World) serves(provider string, c *config.Config) bool {
	named := func(p *config.Provider) bool { return p.Name == provider }
	return slices.ContainsFunc(c.Providers, named) || slices.ContainsFunc(c.Undriven, named) ||
		slices.ContainsFunc(w.Pools, func(p *record.Pool) bool { return p.ProviderName == provider })
}
