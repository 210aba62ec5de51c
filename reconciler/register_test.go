package reconciler

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metrics"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// at is a launcher with one pool, at a time.
type at time.Time

func (a at) Snapshot(context.Context) (*status.Snapshot, error) {
	return &status.Snapshot{At: time.Time(a), Pools: []status.Pool{{Provider: "p", Name: "main"}}}, nil
}

// Queues is part of a metrics.Source.
func (a at) Queues() metrics.Queues { return metrics.Queues{} }

// TestPauseEndsWithItsRegistration: nobody tells later that the pool goes on.
func TestPauseEndsWithItsRegistration(t *testing.T) {
	key := desire.PoolKey{Provider: "p", Pool: "main"}
	m := metrics.NewMeter(nil)
	lp := &loop{l: &Launcher{opts: Options{Meter: m}, own: map[desire.PoolKey]string{}}, cfg: &config.Config{}, log: slog.New(slog.DiscardHandler)}
	lp.pools = map[desire.PoolKey]*registration{key: {pool: &record.Pool{Paused: true}}} // on its way to ZooKeeper
	m.Paused("p", "main", true)
	lp.withdraw(key, lp.pools[key])
	paused := func(after time.Duration) string {
		w := httptest.NewRecorder()
		m.Handler(at(time.Now().Add(after))).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		for line := range strings.Lines(w.Body.String()) {
			if strings.HasPrefix(line, "nodepool_pool_paused_seconds_total{") {
				return line
			}
		}
		return ""
	}
	if now, later := paused(0), paused(time.Hour); now == "" || now != later {
		t.Errorf("now %q, in an hour %q", now, later)
	}
}
