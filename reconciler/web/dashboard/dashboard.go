package dashboard

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// Prefix is where everything of the dashboard but the page itself lies.
const Prefix = "/dashboard/"

// Owns reports whether a request's path is the dashboard's.
func Owns(path string) bool { return path == "/" || strings.HasPrefix(path, Prefix) }

// Source is where the page gets what it shows. Snapshots are shared and not changed; asking often is cheap.
type Source interface {
	Snapshot(ctx context.Context) (*status.Snapshot, error)
}

// Options of a dashboard. Without a Planner there is no preview, without an AdminToken and an Operator no way to change
// anything.
type Options struct {
	Source     Source
	Planner    Planner
	Operator   Operator
	AdminToken string
	Log        *slog.Logger
}

// Dashboard serves the page. Close ends its streams.
type Dashboard struct {
	opts     Options
	stage    *stage
	hub      *hub
	previews *previews
	mux      *http.ServeMux
}

// New makes a dashboard.
func New(o Options) *Dashboard {
	st := &stage{abilities: Abilities{Preview: o.Planner != nil, Admin: o.AdminToken != "" && o.Operator != nil}}
	d := &Dashboard{opts: o, stage: st, hub: newHub(o.Source, st, o.Log), mux: http.NewServeMux()}
	d.mux.HandleFunc("GET /{$}", d.servePage)
	d.mux.HandleFunc("GET "+assetPrefix+"{name}", serveAsset)
	d.mux.HandleFunc("GET "+Prefix+"events", d.serveEvents)
	if o.Planner != nil {
		d.previews = newPreviews(d.hub.ctx, o.Planner)
		// A preview costs time and memory: pages of other sites may not ask for one.
		d.mux.Handle("POST "+Prefix+"plan", http.NewCrossOriginProtection().Handler(http.HandlerFunc(d.servePlan)))
	}
	if st.abilities.Admin {
		d.adminRoutes()
	}
	return d
}

// Close ends the streams and previews, and waits for them.
func (d *Dashboard) Close() {
	d.hub.close()
	if d.previews != nil {
		d.previews.wait()
	}
}

// policy allows what the page needs and nothing else: no script or style within a page, nothing from elsewhere, no frames
// around it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP answers what Owns says is the dashboard's.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	d.mux.ServeHTTP(w, r)
}

func (d *Dashboard) servePage(w http.ResponseWriter, r *http.Request) {
	s, err := d.opts.Source.Snapshot(r.Context())
	if err != nil {
		http.Error(w, "the launcher does not answer: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	html, err := d.stage.of(s).page(parseQuery(r.URL.Query()))
	if err != nil {
		d.opts.Log.Error("render the dashboard", "err", err)
		http.Error(w, "the page could not be rendered; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(html) // who went away does not need it
}
