package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// errAway says that there is nothing to show: the answer is 503.
var errAway = errors.New("there is no connection to ZooKeeper at the moment")

// answerTime bounds what one answer may take to make.
const answerTime = 20 * time.Second

// list serves a table in the format that the client prefers.
func (h *handler) list(path string, table func(context.Context, params) (status.Table, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Add("Vary", "Accept")
		f, ok := negotiate(accepted(r))
		if !ok {
			http.Error(w, "this can be had as text/plain or application/json", http.StatusNotAcceptable)
			return
		}
		p := parseParams(r.URL.RawQuery)
		got, err := h.cache.get(r.Context(), path+"?"+p.key()+"#"+string(f), h.Now, func() (*answer, error) {
			ctx, cancel := context.WithTimeout(context.Background(), answerTime)
			defer cancel()
			return h.render(ctx, p, f, table)
		})
		switch {
		case r.Context().Err() != nil:
		case err != nil:
			away(w, err)
		default:
			got.write(w, r)
		}
	}
}

// accepted is the Accept header; of several all count.
func accepted(r *http.Request) string {
	all := ""
	for i, v := range r.Header.Values("Accept") {
		if i > 0 {
			all += ","
		}
		all += v
	}
	return all
}

func (h *handler) render(ctx context.Context, p params, f format, table func(context.Context, params) (status.Table, error)) (*answer, error) {
	t, err := table(ctx, p)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	as := status.Pretty
	if f == asJSON {
		as = status.JSON
	}
	if err := p.shown(t, f).Write(&b, as); err != nil {
		return nil, err
	}
	return &answer{body: b.Bytes(), format: f, at: h.Now()}, nil
}

// away answers that there is nothing to show for the moment.
func away(w http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "1")
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}

// answer is a rendered list. Nobody changes it.
type answer struct {
	body   []byte
	format format
	at     time.Time
}

// write sends an answer with the headers of operator-surface.md 2.3, or 304 when the client has it.
func (a *answer) write(w http.ResponseWriter, r *http.Request) {
	modified := a.at.UTC().Truncate(time.Second)
	head := w.Header()
	head.Set("Cache-Control", "max-age=1, public")
	head.Set("Last-Modified", modified.Format(http.TimeFormat))
	head.Set("Expires", modified.Add(time.Second).Format(http.TimeFormat))
	if since, err := http.ParseTime(r.Header.Get("If-Modified-Since")); err == nil && !modified.After(since) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Type", "text/plain; charset=UTF-8")
	if a.format == asJSON {
		head.Set("Content-Type", "application/json")
	}
	head.Set("Content-Length", strconv.Itoa(len(a.body)))
	head.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}
