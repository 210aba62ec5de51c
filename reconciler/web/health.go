package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// healthTime bounds how long a health check waits for the launcher.
const healthTime = 5 * time.Second

// Lacking says why a launcher is not ready, nothing when it is (operator-surface.md 2.5, D-15).
func Lacking(s *status.Snapshot) (why []string) {
	if s.Draining {
		why = append(why, "the launcher is stopping")
	}
	if s.Session != status.Connected {
		why = append(why, "zookeeper: "+string(s.Session))
	}
	for _, p := range s.Pools {
		if !p.Registered {
			why = append(why, fmt.Sprintf("pool %s of provider %s is not registered", p.Name, p.Provider))
		}
	}
	return why
}

// ready answers /ready.
func (h *handler) ready(w http.ResponseWriter, r *http.Request) {
	s, err := h.checked(r)
	if err != nil {
		away(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	if why := Lacking(s); len(why) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, strings.Join(why, "\n"))
		return
	}
	fmt.Fprint(w, "OK")
}

// live answers /health/live: a supervisor that restarts us must do so only when that helps, and not because ZooKeeper is
// away.
func (h *handler) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := h.Source.Stuck(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	fmt.Fprint(w, "OK")
}

// checked is the snapshot for a health check.
func (h *handler) checked(r *http.Request) (*status.Snapshot, error) {
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	if err := h.Source.Stuck(); err != nil {
		return nil, err
	}
	s, err := h.Source.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("the launcher gives no answer: %w", err)
	}
	return s, nil
}

// readyDetail answers /health/ready.
func (h *handler) readyDetail(w http.ResponseWriter, r *http.Request) {
	s, err := h.checked(r)
	if err != nil {
		writeHealth(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "reasons": []string{err.Error()}})
		return
	}
	why, code := Lacking(s), http.StatusOK
	if len(why) > 0 {
		code = http.StatusServiceUnavailable
	}
	writeHealth(w, code, map[string]any{
		"ready": len(why) == 0, "reasons": append([]string{}, why...), "zookeeper": s.Session, "providers": providers(s),
	})
}

// health answers /health.
func (h *handler) health(w http.ResponseWriter, r *http.Request) {
	s, err := h.checked(r)
	if err != nil {
		writeHealth(w, http.StatusServiceUnavailable, map[string]any{"live": false, "reasons": []string{err.Error()}})
		return
	}
	c := s.Config
	writeHealth(w, http.StatusOK, map[string]any{
		"live": true, "version": s.Version, "host": s.Host, "uptime_seconds": int64(s.Uptime().Seconds()), "stopping": s.Draining,
		"zookeeper": s.Session,
		"config": map[string]any{
			"file": c.File, "hash": c.Hash, "loaded": c.Loaded.UTC().Format(time.RFC3339), "error": optional(c.LastError), "need_restart": append([]string{}, c.NeedRestart...),
		},
		"warnings": warnings(s), "nodes": len(s.Nodes), "requests": len(s.Requests), "providers": providers(s),
	})
}

// providerHealth is a provider's part of a health check.
type providerHealth struct {
	Driver string                `json:"driver"`
	Driven bool                  `json:"driven"`
	Up     bool                  `json:"up"`
	Error  any                   `json:"last_error"` // its class, null for none: texts are for the dashboard and the log
	Pools  map[string]poolHealth `json:"pools"`
}

type poolHealth struct {
	Registered bool `json:"registered"`
	Paused     bool `json:"paused"`
}

func providers(s *status.Snapshot) map[string]*providerHealth {
	out := map[string]*providerHealth{}
	for _, p := range s.Providers {
		ph := &providerHealth{Driver: p.Driver, Driven: p.Driven, Up: p.Up, Pools: map[string]poolHealth{}}
		switch {
		case p.Trouble != "":
			ph.Error = p.TroubleClass
		case p.LastFailure != nil && !p.Up:
			ph.Error = p.LastFailure.Class
		}
		out[p.Name] = ph
	}
	for _, p := range s.Pools {
		if out[p.Provider] != nil {
			out[p.Provider].Pools[p.Name] = poolHealth{p.Registered, p.Paused}
		}
	}
	return out
}

// warnings are in words: whoever watches a launcher need not read its log.
func warnings(s *status.Snapshot) []string {
	out := []string{}
	for _, w := range s.Warnings() {
		out = append(out, w.Title+": "+w.Text)
	}
	return out
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func writeHealth(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v)
}
