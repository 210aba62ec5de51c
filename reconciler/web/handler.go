package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Source is the launcher, as far as its pages need it. Any goroutine may call it.
type Source interface {
	// Snapshot is what is known now; it is shared, and costs something once a second at most. The only error is ctx's.
	Snapshot(ctx context.Context) (*status.Snapshot, error)
	// Stuck says which loop no longer turns, nil when all do.
	Stuck() error
	// ZooKeeper is the present session, nil without one.
	ZooKeeper() *session.Session
}

// Options of a handler.
type Options struct {
	Source Source
	// Metrics serves /metrics, Dashboard / and all below /dashboard/; nil: 404.
	Metrics, Dashboard http.Handler
	// Explain serves /explain/<request or node>, nil: 404. Its value is written as JSON.
	Explain func(ctx context.Context, id string) (any, error)
	Log     *slog.Logger
	Now     func() time.Time // nil for time.Now
}

// handler serves all paths.
type handler struct {
	Options
	cache      *cache
	explaining chan struct{} // bounds those who are, or wait to be, answered
}

// NewHandler makes the handler of all pages.
func NewHandler(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &handler{Options: o, cache: newCache(), explaining: make(chan struct{}, 8)}
	mux := http.NewServeMux()
	for path, table := range map[string]func(context.Context, params) (status.Table, error){
		"/node-list": h.nodes, "/request-list": h.requests, "/label-list": h.labels,
		"/image-list": h.uploads, "/dib-image-list": h.builds, "/image-status": h.imageStates,
	} {
		mux.Handle(path, reading(h.list(path, table)))
	}
	mux.Handle("/ready", reading(h.ready))
	mux.Handle("/health", reading(h.health))
	mux.Handle("/health/live", reading(h.live))
	mux.Handle("/health/ready", reading(h.readyDetail))
	if o.Explain != nil {
		mux.Handle("/explain/{id}", reading(h.explain))
	}
	if o.Metrics != nil {
		mux.Handle("/metrics", reading(o.Metrics.ServeHTTP))
	}
	if o.Dashboard != nil {
		mux.Handle("/{$}", o.Dashboard)
		mux.Handle("/dashboard/", o.Dashboard)
	}
	return mux
}

// reading lets only GET and HEAD pass.
func reading(f http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD are served here", http.StatusMethodNotAllowed)
			return
		}
		f(w, r)
	})
}
