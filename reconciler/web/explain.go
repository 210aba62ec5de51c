package web

import (
	"encoding/json"
	"net/http"
)

// explain serves /explain/<request or node>: what the launcher knows of it, as `nodepool-tf explain` shows it. Each answer
// costs the launcher a decision, so few may ask at one time.
func (h *handler) explain(w http.ResponseWriter, r *http.Request) {
	select {
	case h.explaining <- struct{}{}:
		defer func() { <-h.explaining }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "others are being answered: try again in a second", http.StatusServiceUnavailable)
		return
	}
	answer, err := h.Explain(r.Context(), r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(answer) // the client has gone
}
