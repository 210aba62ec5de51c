package web_test

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/web"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Unix(1726561500, 250e6)

// source is a launcher that knows what a test says.
type source struct {
	snapshot *status.Snapshot
	stuck    error
	asked    int
}

func (s *source) Snapshot(ctx context.Context) (*status.Snapshot, error) {
	s.asked++
	return s.snapshot, ctx.Err()
}
func (s *source) Stuck() error                { return s.stuck }
func (s *source) ZooKeeper() *session.Session { return nil }

// fleet is a launcher with a few nodes and requests.
func fleet() *source {
	created := 1726561000.5
	return &source{snapshot: &status.Snapshot{
		At: now, Version: "nodepool-tf 1.2.3", Host: "np01.example.org", Started: now.Add(-time.Hour), Session: status.Connected,
		Config: status.Config{File: "/etc/nodepool/nodepool.yaml", Hash: "c0ffee", Loaded: now.Add(-time.Minute)},
		Nodes: []status.Node{
			{Node: &record.Node{ID: "0000000007", State: record.NodeInUse, StateTime: 1726561322.75, Provider: "cloud-a", Pool: "main", Type: []string{"small", "any"},
				ExternalID: json.RawMessage(`{"instance":"i-0abc","host":"h-1"}`), PublicIPv4: "203.0.113.17", ConnectionPort: json.RawMessage(`22`), Username: "zuul",
				AllocatedTo: "200-0000000001", UserData: json.RawMessage(`{"zuul_system":"c1f0"}`)}, Locked: true, LockKnown: true},
			{Node: &record.Node{ID: "0000000008", State: record.NodeReady, StateTime: 1726560000, Provider: "k8s", Type: []string{"pod"},
				ConnectionPort: json.RawMessage(`{"token":"eyJ.SECRET","namespace":"n"}`)}, LockKnown: true},
		},
		Requests: []status.Request{
			{Request: &record.Request{ID: "200-0000000001", State: record.RequestFulfilled, StateTime: 1726561320, NodeTypes: []string{"small"}, Nodes: []string{"0000000007"}, Requestor: "zuul", CreatedTime: &created}},
			{Request: &record.Request{ID: "300-0000000002", State: record.RequestRequested, StateTime: 1726561400, NodeTypes: []string{"pod", "small"}, DeclinedBy: []string{"np02-PoolWorker.x"}, RelativePriority: 2, EventID: "e1"}},
		},
		Pools:      []status.Pool{{Provider: "cloud-a", Name: "main", Labels: []string{"small"}, Registered: true, Paused: true}},
		Registered: []*record.Pool{{ID: "a", SupportedLabels: []string{"small", "any"}}, {ID: "b", SupportedLabels: []string{"pod", "small"}}},
		Providers: []status.Provider{{Name: "cloud-a", Driver: "terraform", Driven: true, Up: false, LastFailure: &status.Failure{Class: "auth", Text: "SECRET-TEXT"}},
			{Name: "north", Driver: "openstack", Driven: true, Trouble: "SECRET-TEXT", TroubleClass: "unknown", Unknown: true},
			{Name: "old", Driver: "openstack"}},
	}}
}

func handler(s web.Source) http.Handler {
	return web.NewHandler(web.Options{Source: s, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
}

// ask sends one request; head is pairs of names and values.
func ask(h http.Handler, method, target string, head ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Add(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
