package web_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/web"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// BenchmarkNodeList is what rendering ten thousand nodes takes, once a second at most for each format.
func BenchmarkNodeList(b *testing.B) {
	s := fleet()
	s.snapshot.Nodes = nil
	for i := range 10_000 {
		s.snapshot.Nodes = append(s.snapshot.Nodes, status.Node{Node: &record.Node{
			ID: fmt.Sprintf("%010d", i), State: record.NodeInUse, StateTime: 1726561322.75, Provider: "cloud-a", Pool: "main", Type: []string{"small"},
			ExternalID: json.RawMessage(`"b4a7d9b2-5d1c"`), PublicIPv4: "203.0.113.17", ConnectionPort: json.RawMessage(`22`), Username: "zuul", AllocatedTo: "200-0000000001",
		}, Locked: true, LockKnown: true})
	}
	for _, accept := range []string{"text/plain", jsonType} {
		b.Run(accept, func(b *testing.B) {
			at := now
			h := web.NewHandler(web.Options{Source: s, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return at }})
			b.ReportAllocs()
			for b.Loop() {
				at = at.Add(time.Second) // nothing comes from the cache
				r := httptest.NewRequest(http.MethodGet, "/node-list", nil)
				r.Header.Set("Accept", accept)
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
