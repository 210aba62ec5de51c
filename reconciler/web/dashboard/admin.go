package dashboard

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// Operator changes what an operator may change. Errors are shown to who asked.
type Operator interface {
	Hold(ctx context.Context, node string) error
	Delete(ctx context.Context, node string) error
}

// adminRoutes are there only when a token is configured; without one their paths do not exist.
//
// The token comes in a header that only the page's own script sets. A form or a link of another site cannot set it, and
// its script may not without our consent (CORS), which is never given: that is all the protection against cross-site
// requests that is needed.
func (d *Dashboard) adminRoutes() {
	d.mux.Handle("POST "+Prefix+"admin", d.admin(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	d.mux.Handle("POST "+Prefix+"nodes/{id}/hold", d.admin(func(w http.ResponseWriter, r *http.Request) {
		d.change(w, r, "hold", d.opts.Operator.Hold)
	}))
	d.mux.Handle("POST "+Prefix+"nodes/{id}/delete", d.admin(func(w http.ResponseWriter, r *http.Request) {
		d.change(w, r, "delete", d.opts.Operator.Delete)
	}))
}

// admin lets only those in who know the token. Digests are compared: they have one length, and the time it takes tells
// nothing.
func (d *Dashboard) admin(next http.HandlerFunc) http.Handler {
	want := sha256.Sum256([]byte(d.opts.AdminToken))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(token))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "this needs the admin token", http.StatusUnauthorized)
			return
		}
		next(w, r)
	})
}

// change does something to a node and says how it went.
func (d *Dashboard) change(w http.ResponseWriter, r *http.Request, what string, do func(ctx context.Context, node string) error) {
	id := r.PathValue("id")
	if !isID(id) {
		http.Error(w, "node ids are numbers", http.StatusBadRequest)
		return
	}
	err := do(r.Context(), id)
	if err != nil {
		d.opts.Log.Warn("an operator's wish from the dashboard is refused", "wish", what, "node", id, "from", r.RemoteAddr, "err", err)
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	d.opts.Log.Info("an operator's wish from the dashboard is granted", "wish", what, "node", id, "from", r.RemoteAddr)
	w.WriteHeader(http.StatusNoContent)
}

func isID(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}
