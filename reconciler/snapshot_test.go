package reconciler

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// shownLoop is a loop with a fleet, whose session is suspended.
func shownLoop(nodes, requests int) *loop {
	pool := &config.Pool{Name: "main", Labels: map[string]*config.PoolLabel{}, LabelNames: []string{"small"}, Limits: map[string]float64{"instances": 10}}
	p := &config.Provider{Name: "cloud-a", Driver: "terraform", MaxConcurrency: -1, Pools: []*config.Pool{pool}}
	pool.Provider = p
	pool.Labels["small"] = &config.PoolLabel{Name: "small", Pool: pool, Resources: map[string]float64{"instances": 1}}
	cfg := &config.Config{Providers: []*config.Provider{p}, Undriven: []*config.Provider{{Name: "old", Driver: "azure"}}, TenantLimits: map[string]map[string]float64{"acme": {"cores": 4}}}
	key := desire.PoolKey{Provider: "cloud-a", Pool: "main"}
	l := &Launcher{setbacks: setback.New(func() float64 { return 0 }), history: newHistory(nil), own: map[desire.PoolKey]string{key: "id-1"}}
	lp := &loop{l: l, s: &session.Session{}, cfg: cfg, log: slog.New(slog.DiscardHandler), handlers: map[string]*handler{}, launches: map[string]*launch{}, pools: map[desire.PoolKey]*registration{}, peers: &peers{}}
	rec := &record.Pool{ID: "id-1", ProviderName: "cloud-a", Name: "main", SupportedLabels: []string{"small"}, Priority: 100, Paused: true}
	lp.pools[key] = &registration{pool: rec}
	lp.view = desire.View{
		Config: cfg, Requests: map[string]*desire.Request{}, Nodes: map[string]*desire.Node{}, Pools: map[string]*record.Pool{"id-1": rec},
		Own: map[desire.PoolKey]string{key: "id-1"}, Handlers: map[string]*desire.Handler{}, Setbacks: l.setbacks,
	}
	for i := range nodes {
		id := fmt.Sprintf("%010d", i)
		lp.view.Nodes[id] = &desire.Node{Node: &record.Node{ID: id, Provider: "cloud-a", Pool: "main", State: record.NodeInUse, StateTime: 1, Type: []string{"small"}}}
	}
	for i := range requests {
		id := fmt.Sprintf("200-%010d", i)
		lp.view.Requests[id] = &desire.Request{Request: &record.Request{ID: id, State: record.RequestRequested, StateTime: 1, NodeTypes: []string{"small"}, Provider: "elsewhere"}}
	}
	return lp
}

func TestShow(t *testing.T) {
	lp := shownLoop(12, 2)
	lp.view.Nodes["0000000003"].Held = true
	lp.view.Nodes["0000000004"].Known, lp.view.Nodes["0000000004"].Contended = true, false
	s := &status.Snapshot{}
	lp.show(s)
	if s.Session != status.Suspended || len(s.Nodes) != 12 || len(s.Requests) != 2 || len(s.Registered) != 1 || len(s.Providers) != 2 || s.Providers[1].Driven {
		t.Errorf("%+v", s)
	}
	locks := map[string]status.Node{}
	for _, n := range s.Nodes {
		locks[n.ID] = n
	}
	if a, b, c := locks["0000000003"], locks["0000000004"], locks["0000000005"]; !a.Locked || !a.LockKnown || b.Locked || !b.LockKnown || !c.Locked || c.LockKnown {
		t.Errorf("locks: %v %v, %v %v, %v %v", a.Locked, a.LockKnown, b.Locked, b.LockKnown, c.Locked, c.LockKnown)
	}
	if p := s.Pools[0]; !p.Registered || !p.Paused || p.Used["instances"] != 12 || p.ID != "id-1" {
		t.Errorf("pool: %+v", p)
	}
	if s.Requests[0].Waits == "" && s.Requests[1].Waits == "" {
		t.Error("requests that no pool takes wait for nothing")
	}
}

func TestHistory(t *testing.T) {
	h := newHistory(func(s string) string { return "redacted " + s })
	for i := range 2 * status.MostFailures {
		h.failed(status.Failure{Provider: "a", Class: string(execute.Quota), Text: fmt.Sprint(i), Block: "block"}, true)
	}
	got := h.newest()
	if len(got) != status.MostFailures || got[0].Text != fmt.Sprintf("redacted %d", 2*status.MostFailures-1) || got[0].Block != "redacted block" {
		t.Errorf("%d failures, the newest %+v", len(got), got[0])
	}
	up := func() bool {
		p := status.Provider{Name: "a"}
		h.health(&p)
		return p.Up && slices.ContainsFunc(h.newest(), func(f status.Failure) bool { return p.LastFailure.Text == f.Text })
	}
	if !up() {
		t.Error("a provider that refuses for quota is up")
	}
	if h.failed(status.Failure{Provider: "a", Class: string(execute.Unknown)}, false); !up() || h.newest()[0].Class != string(execute.Unknown) {
		t.Error("a provider is blamed for what it did not do, or nobody is told")
	}
	if h.failed(status.Failure{Provider: "a", Class: string(execute.Auth)}, true); up() {
		t.Error("a provider that refuses the credentials is down")
	}
	if h.made("a", time.Now()); !up() {
		t.Error("a provider that makes a node is up")
	}
	p := status.Provider{Name: "a", Unknown: true}
	if h.health(&p); p.Up {
		t.Error("a provider whose cloud has never answered is up")
	}
}

// BenchmarkSnapshot is what the loop stands still for while somebody looks, once a second at most.
func BenchmarkSnapshot(b *testing.B) {
	for _, nodes := range []int{100, 10_000} {
		for _, requests := range []int{0, 500} {
			b.Run(fmt.Sprintf("nodes=%d/open=%d", nodes, requests), func(b *testing.B) {
				lp := shownLoop(nodes, requests)
				b.ReportAllocs()
				for b.Loop() {
					lp.show(&status.Snapshot{})
				}
			})
		}
	}
}
