package dashboard

import (
	"net/http"
	"time"
)

const (
	beatEvery = 15 * time.Second
	// writeWait is how long a reader may take to take one event.
	writeWait = 10 * time.Second
)

// serveEvents is the stream of a page. What is too many gets 503: the page goes on without being live, and asks again.
func (d *Dashboard) serveEvents(w http.ResponseWriter, r *http.Request) {
	s := d.hub.join(parseQuery(r.URL.Query()))
	if s == nil {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many pages are open; this one is not renewed by itself", http.StatusServiceUnavailable)
		return
	}
	defer d.hub.leave(s)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events back
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{}) // the server's own would end the stream
	send := func(data []byte) bool {
		// Where deadlines cannot be set the server has its own, or the reader's leaving ends the stream.
		_ = out.SetWriteDeadline(time.Now().Add(writeWait))
		_, err := w.Write(data)
		return err == nil && out.Flush() == nil
	}
	if !send([]byte("retry: 3000\n\n")) {
		return
	}
	ticks := time.NewTicker(beatEvery)
	defer ticks.Stop()
	for {
		select {
		case m, ok := <-s.mail:
			if !ok || !send(m) {
				return
			}
		case now := <-ticks.C:
			if !send(beat(now)) {
				return
			}
		case <-r.Context().Done():
			return
		case <-d.hub.ctx.Done():
			return
		}
	}
}
