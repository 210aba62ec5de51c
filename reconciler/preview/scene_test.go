package preview

import (
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var now = time.Unix(1_800_000_000, 0).UTC()

// scene is a provider `cloud` with a pool `main` of five servers, registered by us, whose labels are small (kept ready:
// one, for an hour at most) and large.
func scene(parts ...func(*Scene)) Scene {
	five := 5
	pool := &config.Pool{Name: "main", MaxServers: &five, Limits: map[string]float64{"instances": 5}, Priority: 100, Labels: map[string]*config.PoolLabel{}, LabelNames: []string{"small", "large"}}
	prov := &config.Provider{Name: "cloud", MaxConcurrency: -1, Pools: []*config.Pool{pool}}
	pool.Provider = prov
	for _, name := range pool.LabelNames {
		pool.Labels[name] = &config.PoolLabel{Name: name, Pool: pool, Resources: map[string]float64{"instances": 1}, Spec: &modules.Spec{Module: modules.Module{Source: "./modules/" + name}}}
	}
	s := Scene{InHand: map[string]bool{}, NextNode: 20, NextRequest: 30, View: desire.View{
		Now: now, Config: &config.Config{
			Providers: []*config.Provider{prov}, LabelNames: []string{"small", "large"},
			Labels: map[string]*config.Label{"small": {Name: "small", MinReady: 1, MaxReadyAge: time.Hour}, "large": {Name: "large"}},
		},
		Requests: map[string]*desire.Request{}, Nodes: map[string]*desire.Node{}, Handlers: map[string]*desire.Handler{},
		Pools:    map[string]*record.Pool{"own": {ID: "own", ProviderName: "cloud", Name: "main", SupportedLabels: []string{"large", "small"}, Priority: 100}},
		Own:      map[desire.PoolKey]string{{Provider: "cloud", Pool: "main"}: "own"},
		MinReady: map[string]string{}, MinReadyAfter: map[string]time.Time{},
	}}
	for _, p := range parts {
		p(&s)
	}
	return s
}

func request(id string, labels ...string) func(*Scene) {
	return func(s *Scene) {
		s.View.Requests[id] = &desire.Request{Request: &record.Request{ID: id, State: record.RequestRequested, NodeTypes: labels, Reuse: true, TenantName: "acme"}}
	}
}

func pending(id string, held bool, labels ...string) func(*Scene) {
	return func(s *Scene) {
		request(id, labels...)(s)
		s.View.Requests[id].State = record.RequestPending
		s.View.Requests[id].Busy = held
		s.InHand[id] = held
	}
}

func node(n int, label string, state record.NodeState, age time.Duration, change ...func(*desire.Node)) func(*Scene) {
	return func(s *Scene) {
		id := fmt.Sprintf("%010d", n)
		out := &desire.Node{Known: true, Node: &record.Node{
			ID: id, Provider: "cloud", Pool: "main", Type: []string{label}, State: state, StateTime: record.Now(now.Add(-age)), Resources: map[string]float64{"instances": 1},
		}}
		for _, c := range change {
			c(out)
		}
		s.View.Nodes[id] = out
	}
}

func locked(n *desire.Node)   { n.Contended = true }
func foreign(n *desire.Node)  { n.Foreign = true }
func vanished(n *desire.Node) { n.Vanished = true }
func of(request string) func(*desire.Node) {
	return func(n *desire.Node) { n.AllocatedTo = request }
}

// planOf puts a future into one provider.
func planOf(f Future) *Plan {
	return &Plan{
		Mode: Normal, Config: "/etc/nodepool/nodepool.yaml", Made: now, Launcher: "build01", Requests: f.Requests,
		Providers: []*Provider{{Name: "cloud", Pools: []Pool{{Name: "main", Launcher: "build01", Paused: f.Paused[desire.PoolKey{Provider: "cloud", Pool: "main"}]}}, Elsewhere: f.Nodes}},
	}
}
