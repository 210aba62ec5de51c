package explain

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var now = time.Unix(1_800_000_000, 0)

func cfg() *config.Config {
	c := &config.Config{MaxHoldAge: time.Hour, Labels: map[string]*config.Label{"small": {Name: "small", MaxReadyAge: 10 * time.Minute}}}
	p := &config.Provider{Name: "p", MaxConcurrency: -1}
	pool := &config.Pool{Name: "main", Provider: p, Labels: map[string]*config.PoolLabel{}, Limits: map[string]float64{"instances": 1}}
	pool.LabelNames = []string{"small"}
	pool.Labels["small"] = &config.PoolLabel{Name: "small", Pool: pool, Resources: map[string]float64{"instances": 1}}
	p.Pools, c.Providers = []*config.Pool{pool}, []*config.Provider{p}
	return c
}

func TestNodeLines(t *testing.T) {
	expires := int64(600)
	for _, c := range []struct {
		name            string
		n               record.Node
		locked, request bool
		want            string
	}{
		{"being made", record.Node{State: record.NodeBuilding, AllocatedTo: "200-1"}, true, true, "its launcher is making it, for request 200-1"},
		{"abandoned", record.Node{State: record.NodeBuilding, AllocatedTo: "200-1"}, false, true, "its launcher died"},
		{"handed over", record.Node{State: record.NodeReady, AllocatedTo: "200-1"}, false, true, "handed to request 200-1"},
		{"about to be used", record.Node{State: record.NodeReady, AllocatedTo: "200-1"}, true, false, "an executor that is about to use it"},
		{"left", record.Node{State: record.NodeReady, AllocatedTo: "200-1"}, false, false, "becomes a spare"},
		{"spare", record.Node{State: record.NodeReady, StateTime: 1_800_000_000 - 60}, false, false, "max-ready-age deletes it in 9m0s"},
		{"in use", record.Node{State: record.NodeInUse}, true, false, "Zuul's executor holds its lock"},
		{"shared out", record.Node{State: record.NodeInUse, UserData: metastatic.Mark{Owner: metastatic.Owner("m"), Label: "slot", Slots: 4}.Encode()}, true, false, "NodePool:metastatic:m shares it out as 4 slots with label slot"},
		{"lost", record.Node{State: record.NodeInUse}, false, false, "nobody holds its lock, and it is deleted\nKEEPER"},
		{"held", record.Node{State: record.NodeHold, StateTime: 1_800_000_000, HoldJob: "acme p job", Comment: "look"}, false, false, "acme p job\ncomment: look\nit is deleted in 1h0m0s"},
		{"held for less", record.Node{State: record.NodeHold, StateTime: 1_800_000_000 - 601, HoldExpiration: &expires}, false, false, "it is deleted in 0s"},
		{"deleting", record.Node{State: record.NodeDeleting}, false, false, "KEEPER"},
		{"aborted", record.Node{State: record.NodeAborted}, false, false, "quota"},
	} {
		c.n.Type = []string{"small"}
		if got := strings.Join(nodeLines(&c.n, c.locked, c.request, "KEEPER", cfg(), now), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestView: what only ZooKeeper tells is enough for the rules.
func TestView(t *testing.T) {
	pool := &record.Pool{ID: "np-main", Name: "main", ProviderName: "p", Hostname: "np", SupportedLabels: []string{"small"}, Priority: 100, Paused: true}
	req := func(id string, s record.RequestState) *record.Request {
		return &record.Request{ID: id, State: s, NodeTypes: []string{"small", "small"}, Reuse: true}
	}
	w := &World{
		Now: now, Host: "np", Pools: []*record.Pool{pool},
		Nodes:    []*record.Node{{ID: "1", State: record.NodeReady, Provider: "p", Pool: "main", Type: []string{"small"}, AllocatedTo: "200-1"}},
		Requests: []*record.Request{req("200-1", record.RequestPending), req("200-2", record.RequestRequested)},
	}
	c := cfg()
	if got := pretty(t, AboutRequest(w.Requests[0], w, c)); !strings.Contains(got, "pool p/main has accepted it") || !strings.Contains(got, "node 1: ready") {
		t.Error(got)
	}
	c.Providers[0].Pools[0].Limits["instances"] = 2
	w.Nodes = append(w.Nodes, &record.Node{ID: "2", State: record.NodeInUse, Provider: "p", Pool: "main", Type: []string{"small"}})
	rep := AboutRequest(w.Requests[1], w, c)
	if got := pretty(t, rep); !strings.Contains(got, "the pool is paused") || !strings.Contains(got, "p/main on np (paused)") {
		t.Error(got)
	}
	w.Pools = nil
	if got := pretty(t, AboutRequest(w.Requests[1], w, c)); !strings.Contains(got, "no running launcher has registered p/main") || !strings.Contains(got, "the pool is paused") {
		t.Error(got)
	}
}

// TestFailed: of all pools that declined a request, those that offer its labels are named.
func TestFailed(t *testing.T) {
	r := &record.Request{ID: "200-1", State: record.RequestFailed, NodeTypes: []string{"small"}}
	w := &World{Now: now, Host: "np", Requests: []*record.Request{r}, Pools: []*record.Pool{
		{ID: "a", Name: "main", ProviderName: "p", Hostname: "np", SupportedLabels: []string{"small"}}, {ID: "b", Name: "other", ProviderName: "p", Hostname: "np", SupportedLabels: []string{"large"}},
	}}
	if got := pretty(t, AboutRequest(r, w, cfg())); !strings.Contains(got, "offered by p/main on np: `request declined`") {
		t.Error(got)
	}
	r.NodeTypes = []string{"smal"}
	if got := pretty(t, AboutRequest(r, w, cfg())); !strings.Contains(got, "No pool that is registered now offers all its labels") {
		t.Error(got)
	}
}

// TestUnserved: what is done with a node of a provider that nobody serves is nothing, whatever its state.
func TestUnserved(t *testing.T) {
	n := &record.Node{ID: "1", State: record.NodeUsed, Provider: "renamed", Type: []string{"small"}}
	w := &World{Now: now, Nodes: []*record.Node{n}}
	got := pretty(t, AboutNode(n, "KEEPER", w, cfg()))
	if !strings.Contains(got, "left alone") || !strings.Contains(got, "nodepool-tf erase renamed") || strings.Contains(got, "KEEPER") {
		t.Error(got)
	}
	w.Pools = []*record.Pool{{ProviderName: "renamed"}}
	if got := pretty(t, AboutNode(n, "KEEPER", w, cfg())); strings.Contains(got, "left alone") || !strings.Contains(got, "KEEPER") {
		t.Error(got)
	}
}

// TestHarmless: what others wrote reaches a terminal as text.
func TestHarmless(t *testing.T) {
	n := &record.Node{ID: "1", State: record.NodeHold, Provider: "\x1b[2J", Type: []string{"\u009b"}, Comment: "a\nb\r", AllocatedTo: "\x07"}
	w := &World{Now: now, Nodes: []*record.Node{n}}
	rep := AboutNode(n, "\x1b[31m", w, cfg())
	rep.Daemon = &Daemon{Host: "\x1b]0;x\x07"}
	for _, f := range []status.Format{status.Pretty, status.JSON, status.YAML} {
		var b bytes.Buffer
		if err := rep.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x1b\x07\r\u009b") {
			t.Errorf("%s: %q", f, b.String())
		}
	}
}

func pretty(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, status.Pretty); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
