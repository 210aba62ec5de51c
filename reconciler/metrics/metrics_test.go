package metrics

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type source struct{ s *status.Snapshot }

func (s source) Snapshot(context.Context) (*status.Snapshot, error) { return s.s, nil }
func (source) Queues() Queues                                       { return Queues{NodeEvents: 3} }

func snapshot() *status.Snapshot {
	now := time.Unix(1726561500, 0)
	node := func(id, provider string, state record.NodeState, age time.Duration, labels ...string) status.Node {
		return status.Node{Node: &record.Node{ID: id, Provider: provider, State: state, StateTime: record.Now(now.Add(-age)), Type: labels}}
	}
	return &status.Snapshot{
		At: now, Version: "nodepool-tf 1.2.3", Started: now, Session: status.Connected,
		Config: status.Config{Loaded: now, LastError: "nodepool.yaml:1:1: E-YAML", Outcomes: map[string]int{"success": 1, "failure": 2}},
		Nodes: []status.Node{
			node("1", "cloud.a", record.NodeReady, time.Minute, "small", "any", "small"), node("2", "cloud.a", record.NodeInUse, time.Hour, "small"),
			node("3", "b", record.NodeDeleting, time.Second, "any\nlabel"),
		},
		Requests: []status.Request{
			{Request: &record.Request{ID: "100-1", State: record.RequestRequested, NodeTypes: []string{"small", "any"}}, Age: time.Minute},
			{Request: &record.Request{ID: "200-2", State: record.RequestPending, NodeTypes: []string{"gpu"}}, Age: time.Second},
		},
		Pools: []status.Pool{
			{Provider: "cloud.a", Name: "main", Labels: []string{"small", "any"}, Registered: true, Paused: true, Limits: map[string]float64{"instances": 5, "cores": 40}, Used: map[string]float64{"instances": 2}},
			{Provider: "cloud.a", Name: "side", Limits: map[string]float64{"instances": 3}},
			{Provider: "b", Name: "main", Stopped: []status.StoppedLabel{{Label: "x", Reason: "auth: 401"}}},
		},
		Registered: []*record.Pool{{ProviderName: "cloud.a", Name: "main", SupportedLabels: []string{"small", "any"}}, {ProviderName: "python", Name: "main", SupportedLabels: []string{"gpu"}}},
		Tenants:    []status.Tenant{{Name: "acme.org", Limits: map[string]float64{"cores": 10, "volume-gb": 7}}},
		Providers:  []status.Provider{{Name: "cloud.a", Driven: true, Up: true, Work: workspace.ProviderStats{Creating: 2}}, {Name: "b", Driven: true}},
		Leaks:      []status.Leak{{Provider: "b", Type: "disk", Left: 2}},
		Plugins:    warm.Stats{Starts: 4, Ordinary: map[warm.Reason]int{"aliases": 2}},
	}
}

// scrape reads /metrics as Prometheus does.
func scrape(t *testing.T, m *Meter, s Source) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, _ := io.ReadAll(w.Result().Body)
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(string(body)))
	if err != nil || w.Code != 200 {
		t.Fatalf("%d %v\n%s", w.Code, err, body)
	}
	return families
}

// value finds a series by its labels, "name=value" each; NaN when there is none.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		have := []string{}
		for _, l := range m.GetLabel() {
			have = append(have, l.GetName()+"="+l.GetValue())
		}
		if !slices.Equal(have, labels) {
			continue
		}
		return m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	return math.NaN()
}

func TestPrometheus(t *testing.T) {
	m := NewMeter(nil)
	m.Launched(Launch{Provider: "cloud.a", Zone: "z1", Image: "noble", Requestor: "zuul", Result: Ready, Took: 3 * time.Second})
	m.Launched(Launch{Provider: "cloud.a", Result: ErrQuota, Class: "quota", Took: time.Second})
	m.Phase("cloud.a", PhaseQueue, time.Second)
	m.Ran(Run{Provider: "cloud.a", Kind: "create", Took: time.Second})
	m.Deleted("cloud.a", true, time.Second)
	m.Fulfilled(time.Second)
	m.Declined("cloud.a", "main", "label")
	m.LeakRemoved("b", "disk")
	m.Pass("main", time.Millisecond)
	m.Paused("cloud.a", "main", true)
	got := scrape(t, m, source{snapshot()})
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{1, "nodepool_nodes", []string{"state=in-use"}}, {0, "nodepool_nodes", []string{"state=aborted"}},
		{1, "nodepool_provider_nodes", []string{"provider=cloud.a", "state=ready"}}, {0, "nodepool_provider_nodes", []string{"provider=python", "state=ready"}},
		{1, "nodepool_label_nodes", []string{"label=small", "state=ready"}}, {1, "nodepool_label_nodes", []string{"label=any\nlabel", "state=deleting"}},
		{1, "nodepool_pool_addressable_requests", []string{"pool=main", "provider=cloud.a"}}, {8, "nodepool_provider_max_servers", []string{"provider=cloud.a"}},
		{math.Inf(1), "nodepool_provider_max_servers", []string{"provider=b"}}, {10, "nodepool_tenant_limit", []string{"resource=cores", "tenant=acme.org"}},
		{1, "nodepool_leaked_resources_total", []string{"kind=disk", "provider=b"}}, {2, "nodepool_leak_candidates", []string{"kind=disk", "provider=b"}},
		{1, "nodepool_launches_total", []string{"az=z1", "provider=cloud.a", "result=ready"}}, {1, "nodepool_launch_duration_seconds", []string{"provider=cloud.a", "result=error.quota"}},
		{1, "nodepool_requestor_launches_total", []string{"requestor=zuul", "result=ready"}}, {1, "nodepool_image_launches_total", []string{"image=noble", "result=ready"}},
		{0, "nodepool_zk_client_queue_length", []string{}}, {3, "nodepool_zk_cache_queue_length", []string{"cache=node", "queue=event"}},
		{8, "nodepool_quota_limit", []string{"provider=cloud.a", "resource=instances"}}, {math.Inf(1), "nodepool_quota_limit", []string{"provider=cloud.a", "resource=cores"}},
		{2, "nodepool_quota_used", []string{"pool=main", "provider=cloud.a", "resource=instances"}}, {1, "nodepool_pool_paused", []string{"pool=main", "provider=cloud.a"}},
		{60, "nodepool_request_oldest_age_seconds", []string{"state=requested"}}, {1, "nodepool_requests", []string{"priority=200", "state=pending"}},
		{1, "nodepool_request_wait_seconds", []string{}}, {1, "nodepool_request_declines_total", []string{"pool=main", "provider=cloud.a", "reason=label"}},
		{1, "nodepool_node_delete_duration_seconds", []string{"provider=cloud.a", "result=failure"}}, {1, "nodepool_nodes_delete_pending", []string{"provider=b"}},
		{3600, "nodepool_node_oldest_state_age_seconds", []string{"provider=cloud.a", "state=in-use"}}, {0, "nodepool_config_last_load_success", []string{}},
		{1726561500, "nodepool_config_last_load_timestamp_seconds", []string{"outcome=success"}}, {1, "nodepool_provider_up", []string{"provider=cloud.a"}},
		{1, "nodepool_loop_duration_seconds", []string{"loop=main"}}, {1, "nodepool_tf_launch_failures_total", []string{"class=quota", "provider=cloud.a"}},
		{1, "nodepool_tf_setbacks", []string{"class=auth", "pool=main", "provider=b"}}, {2, "nodepool_tf_runs", []string{"kind=create", "provider=cloud.a"}},
		{2, "nodepool_tf_plugin_fallbacks_total", []string{"reason=aliases"}}, {0, "nodepool_stats_leader", []string{}},
	} {
		if v := value(got, c.name, c.labels...); v != c.want {
			t.Errorf("%s %v is %v, want %v", c.name, c.labels, v, c.want)
		}
	}
	for name, f := range got {
		for _, one := range f.GetMetric() {
			if n := len(one.GetHistogram().GetBucket()); n > 13 {
				t.Errorf("%s has %d buckets", name, n)
			}
		}
	}
}

// Records cannot make series without end.
func TestBounded(t *testing.T) {
	m := NewMeter(nil)
	s := snapshot()
	for i := range 5000 {
		name := strings.Repeat("x", i%700) + string(rune('a'+i%26)) + time.Duration(i).String() + "\xff"
		m.Launched(Launch{Provider: "p", Zone: name, Requestor: name, Result: Ready})
		m.LeakRemoved("p", name)
		s.Nodes = append(s.Nodes, status.Node{Node: &record.Node{Provider: name, State: record.NodeReady, Type: []string{name}}})
	}
	for _, bad := range []string{"a\xff", "a\xfe"} { // look the same as labels
		s.Nodes = append(s.Nodes, status.Node{Node: &record.Node{Provider: bad, State: record.NodeReady, Type: []string{bad}}})
		s.Registered = append(s.Registered, &record.Pool{ProviderName: bad, Name: bad})
		s.Requests = append(s.Requests, status.Request{Request: &record.Request{ID: bad + "-1", State: record.RequestPending}})
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{m: m, source: source{s}})
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
	c := countNodes(s)
	if len(c.labels) > mostLabels+1 || len(c.providers) > mostProviders+1 || len(c.oldest) > mostProviders {
		t.Errorf("%d labels, %d providers, %d ages", len(c.labels), len(c.providers), len(c.oldest))
	}
	if n := len(scrape(t, m, source{snapshot()})["nodepool_requestor_launches_total"].GetMetric()); n > mostNames+1 {
		t.Errorf("%d requestors", n)
	}
}

func TestLines(t *testing.T) {
	launch := launchLines(Launch{Provider: "cloud.a", Zone: "z1", Requestor: "NodePool:min.ready", Result: ErrQuota, Took: 1500 * time.Millisecond})
	want := []string{
		"nodepool.launch.error.quota:1|c", "nodepool.launch.error.quota:1500.000000|ms",
		"nodepool.launch.provider.cloud.a.error.quota:1|c", "nodepool.launch.provider.cloud.a.error.quota:1500.000000|ms",
		"nodepool.launch.provider.cloud.a.z1.error.quota:1|c", "nodepool.launch.provider.cloud.a.z1.error.quota:1500.000000|ms",
		"nodepool.launch.requestor.NodePool_min_ready.error.quota:1|c", "nodepool.launch.requestor.NodePool_min_ready.error.quota:1500.000000|ms",
	}
	if diff := cmp.Diff(want, launch); diff != "" {
		t.Errorf("launch (-want +got):\n%s", diff)
	}
	limits := limitLines(snapshot())
	want = []string{"nodepool.provider.cloud.a.max_servers:8|g", "nodepool.tenant_limits.acme_org.cores:10|g", "nodepool.tenant_limits.acme_org.volume-gb:7|g"}
	if diff := cmp.Diff(want, limits); diff != "" { // what is infinite is left out
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	nodes := nodeLines(snapshot())
	for _, l := range []string{
		"nodepool.nodes.ready:1|g", "nodepool.nodes.testing:0|g", "nodepool.provider.python.nodes.ready:0|g", "nodepool.provider.cloud.a.nodes.in-use:1|g",
		"nodepool.label.small.nodes.in-use:1|g", "nodepool.label.any_label.nodes.deleting:1|g", "nodepool.provider.cloud.a.pool.main.addressable_requests:1|g",
	} {
		if !slices.Contains(nodes, l) {
			t.Errorf("node gauges lack %s: %q", l, nodes)
		}
	}
	if got := gauge("a b|c:d", -2.5); !slices.Equal(got, []string{"a_b_c_d:0|g", "a_b_c_d:-2.5|g"}) {
		t.Errorf("a negative gauge is %q", got)
	}
	if q := queueLines("np01", Queues{NodeEvents: 2}); !slices.Contains(q, "nodepool.launcher.np01.zk.node_cache.event_queue:2|g") || len(q) != 7 {
		t.Errorf("queues: %q", q)
	}
}

func TestStatsdEnvironment(t *testing.T) {
	for _, c := range [][3]string{{"", "", ""}, {"h", "", "h:8125"}, {"", "99", "localhost:99"}, {"::1", "99", "[::1]:99"}} {
		s := StatsdFrom(func(k string) string { return map[string]string{"STATSD_HOST": c[0], "STATSD_PORT": c[1]}[k] }, nil)
		if got := ""; s != nil && s.Address() != c[2] || s == nil && c[2] != got {
			t.Errorf("%v: %v", c, s)
		}
	}
}

// What is queued arrives whole, in datagrams of 512 bytes at most, and a server that is not there costs nothing.
func TestStatsd(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	host, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	m := NewMeter(StatsdFrom(func(k string) string { return map[string]string{"STATSD_HOST": host, "STATSD_PORT": port}[k] }, nil))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); m.Report(ctx, source{snapshot()}, "np01") }()
	m.Lead(true)
	m.Launched(Launch{Provider: "cloud.a", Result: Ready, Took: time.Second})
	want := map[string]bool{"nodepool.launch.ready:1|c": true, "nodepool.nodes.ready:1|g": true, "nodepool.provider.cloud.a.max_servers:8|g": true, "nodepool.launcher.np01.zk.image_cache.event_queue:0|g": true}
	buf := make([]byte, 64<<10)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for len(want) > 0 {
		n, _, err := conn.ReadFrom(buf)
		if err != nil {
			t.Fatalf("%v; %v did not come", err, want)
		}
		if n > maxDatagram {
			t.Errorf("a datagram of %d bytes", n)
		}
		for _, l := range strings.Split(string(buf[:n]), "\n") {
			delete(want, l)
		}
	}
	stop()
	<-ended
}

// A report arrives to its last line, however long it is.
func TestStatsdLongReport(t *testing.T) {
	s := snapshot()
	for i := range mostLabels - 10 {
		s.Nodes = append(s.Nodes, status.Node{Node: &record.Node{ID: fmt.Sprint(100 + i), State: record.NodeReady, Type: []string{fmt.Sprintf("label-%04d", i)}}})
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	m := NewMeter(StatsdFrom(func(string) string { return "1" }, nil))
	m.Lead(true)
	here, there := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer here.Close()
		m.statsd.pump(ctx, here)
	}()
	go func() {
		r := report{Meter: m, source: source{s}}
		r.send(ctx)
		stop()
	}()
	heard := map[string]bool{}
	buf := make([]byte, maxDatagram)
	for {
		n, err := there.Read(buf)
		if err != nil {
			break
		}
		for _, l := range strings.Split(string(buf[:n]), "\n") {
			heard[l] = true
		}
	}
	<-ended
	want := nodeLines(s)
	for _, l := range want {
		if !heard[l] {
			t.Fatalf("%d of %d lines; %s is not among them", len(heard), len(want), l)
		}
	}
	if len(want) < 2*backlog {
		t.Errorf("%d lines are not many", len(want))
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("a.b:c|d@e\nf")
	f.Fuzz(func(t *testing.T, name string) {
		for _, l := range append(gauge(name, -1), count(name, 1), timer(name, time.Second)) {
			head, _, ok := strings.Cut(l, ":")
			if !ok || strings.ContainsAny(head, "|@\n\r ") || strings.Count(l, "|") != 1 || len(l) > maxDatagram {
				t.Errorf("%q gives %q", name, l)
			}
		}
	})
}
