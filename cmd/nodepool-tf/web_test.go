package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-zookeeper/zk"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// page asks the launcher for a page.
func (r *testRig) page(path, accept string) (int, string) {
	r.t.Helper()
	r.eventually("web pages", func() bool { return r.Web() != "" })
	q, err := http.NewRequestWithContext(r.ctx, http.MethodGet, "http://"+r.Web()+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Accept", accept)
	return r.answer(q)
}

func (r *testRig) answer(q *http.Request) (int, string) {
	r.t.Helper()
	got, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err.Error() // the launcher may be ending
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return got.StatusCode, string(body)
}

// rows are the objects of a list.
func (r *testRig) rows(path string) []map[string]any {
	r.t.Helper()
	code, body := r.page(path, "application/json")
	var rows []map[string]any
	if code != http.StatusOK || json.Unmarshal([]byte(body), &rows) != nil {
		r.t.Fatalf("%s: %d %s", path, code, body)
	}
	return rows
}

// imagePages looks at an image that a builder has made.
func (r *testRig) imagePages() {
	r.t.Helper()
	for path, data := range map[string]string{
		"/nodepool/images/noble/builds/b1":                                     `{"state": "ready", "state_time": 1726500012.5, "builder": "nb01", "formats": "qcow2,raw"}`,
		"/nodepool/images/noble/builds/b1/providers/cloud-a/images/0000000001": `{"state": "ready", "state_time": 1726503911, "external_id": "c0ffee", "external_name": "noble-1"}`,
		"/nodepool/images/noble/request-build":                                 "",
	} {
		if _, err := r.s.CreateAll(r.ctx, path, []byte(data), 0); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			r.t.Fatal(err)
		}
		if _, err := r.s.Set(r.ctx, path, []byte(data), -1); err != nil {
			r.t.Fatal(err)
		}
	}
	r.eventually("the image is listed", func() bool { return len(r.rows("/image-list")) == 1 && len(r.rows("/dib-image-list")) == 1 }) // answers are kept for a second
	for path, want := range map[string]string{
		"/image-list":     `map[age:1.726503911e+09 age_seconds:* external_id:c0ffee external_name:noble-1 id:b1 image:noble provider:cloud-a state:ready state_time:1.726503911e+09 upload_id:0000000001]`,
		"/dib-image-list": `map[age:1.726500012e+09 age_seconds:* builder:nb01 formats:[qcow2 raw] id:noble-b1 image:noble state:ready state_time:1.726500012e+09]`,
		"/image-status":   `map[build_request:pending build_request_age:* image:noble paused:false]`,
	} {
		row := r.rows(path)[0]
		for _, clock := range []string{"age_seconds", "build_request_age"} {
			if n, ok := row[clock].(float64); ok && n > 0 {
				row[clock] = "*"
			}
		}
		if got := fmt.Sprint(row); got != want {
			r.t.Errorf("%s: %s\nwant %s", path, got, want)
		}
	}
}

// statsd is a server that keeps what it hears.
func statsd(t *testing.T) (heard func() string, environment []string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all strings.Builder
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 64<<10)
		for {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			mu.Lock()
			all.Write(append(buf[:n:n], '\n'))
			mu.Unlock()
		}
	}()
	t.Cleanup(func() { conn.Close(); <-ended })
	host, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}, []string{"STATSD_HOST=" + host, "STATSD_PORT=" + port}
}

// metricsPage reads what Prometheus would.
func (r *testRig) metricsPage() {
	r.t.Helper()
	code, body := r.page("/metrics", "")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if code != http.StatusOK || err != nil {
		r.t.Fatalf("/metrics: %d %v\n%s", code, err, body)
	}
	for _, name := range []string{
		"nodepool_nodes", "nodepool_provider_nodes", "nodepool_label_nodes", "nodepool_launches_total", "nodepool_launch_duration_seconds", "nodepool_pool_addressable_requests",
		"nodepool_provider_max_servers", "nodepool_request_wait_seconds", "nodepool_loop_duration_seconds", "nodepool_tf_runs_total", "nodepool_tf_launch_phase_seconds",
		"nodepool_provider_up", "nodepool_pool_paused", "nodepool_config_last_load_success", "nodepool_tf_workspaces", "nodepool_tf_lease_held", "go_goroutines",
	} {
		if len(families[name].GetMetric()) == 0 {
			r.t.Errorf("/metrics lacks %s", name)
		}
	}
	if !strings.Contains(body, `nodepool_launches_total{az="",provider="local",result="ready"} 1`) {
		r.t.Errorf("/metrics does not count the launch:\n%s", body)
	}
}

// The pages show what is in ZooKeeper, from the moment when the launcher is ready.
func TestWebPages(t *testing.T) {
	t.Parallel()
	figures, environment := statsd(t)
	r := newRig(t, instantConfig, func(o *rig.Options) { o.Env = environment }).start()
	r.eventually("ready", func() bool { code, _ := r.page("/ready", ""); return code == http.StatusOK })
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	nodes := r.rows("/node-list?node_id=" + req.Nodes[0])
	if len(nodes) != 1 || nodes[0]["id"] != req.Nodes[0] || nodes[0]["state"] != "ready" || nodes[0]["locked"] != "unlocked" {
		t.Errorf("node list: %v", nodes)
	}
	held, err := r.Accept(r.ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Set(r.ctx, held, record.NodeInUse); err != nil {
		t.Fatal(err)
	}
	r.eventually("its lock is shown", func() bool {
		nodes := r.rows("/node-list")
		return len(nodes) == 1 && nodes[0]["state"] == "in-use" && nodes[0]["locked"] == "locked"
	})
	if labels := r.rows("/label-list"); len(labels) != 2 || labels[1]["label"] != "small" {
		t.Errorf("labels: %v", labels)
	}
	if code, body := r.page("/health", ""); code != http.StatusOK || !strings.Contains(body, `"zookeeper": "connected"`) {
		t.Errorf("/health: %d %s", code, body)
	}
	if _, err := r.s.CreateAll(r.ctx, "/nodepool/images/noble/builds/b1/providers/cloud-a/images/0000000002", []byte("unreadable"), 0); err != nil {
		t.Fatal(err)
	}
	r.imagePages()
	if err := r.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	r.logged("stack dump")
	r.metricsPage()
	for _, line := range []string{"nodepool.launch.ready:1|c", "nodepool.launch.provider.local.ready:1|c", "nodepool.nodes.in-use:1|g", "nodepool.label.small.nodes.in-use:1|g", "nodepool.provider.local.max_servers:"} {
		r.eventually("statsd hears "+line, func() bool { return strings.Contains(figures(), line) })
	}
	if err := r.Return(r.ctx, held); err != nil {
		t.Fatal(err)
	}
	r.empty()
	r.stop()
}
