package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// health is what the suite reads of /health.
type health struct {
	Live   bool `json:"live"`
	Config struct {
		Hash   string `json:"hash"`
		Loaded string `json:"loaded"`
		Error  string `json:"error"`
	} `json:"config"`
}

// pageTime is how long a page may take on a busy machine.
const pageTime = 15 * time.Second

// get asks for one of the launcher's pages. An error means that nobody answered.
func (l *launcher) get(ctx context.Context, path string) (code int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	resp, err := l.ask(ctx, path)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

func (l *launcher) ask(ctx context.Context, path string) (*http.Response, error) {
	address := l.Web()
	if address == "" {
		return nil, errors.New("it has no pages yet")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

// health is what /health says.
func (l *launcher) health(ctx context.Context) (*health, error) {
	code, body, err := l.get(ctx, "/health")
	if err != nil {
		return nil, err
	}
	h := &health{}
	if code != http.StatusOK {
		return nil, fmt.Errorf("/health: %d %s", code, body)
	}
	return h, json.Unmarshal(body, h)
}

// pages is who looks at a launcher's pages all the while: a monitor that polls, and a browser with its stream.
type pages struct {
	w    *world
	quit context.CancelFunc
	wg   sync.WaitGroup
}

// polled are the pages of the monitor.
var polled = []string{"/health", "/ready", "/metrics", "/node-list"}

func (w *world) lookAtPages(ctx context.Context) {
	p := &pages{w: w}
	ctx, p.quit = context.WithCancel(ctx)
	for _, l := range w.launchers {
		p.wg.Go(func() { p.poll(ctx, l) })
		p.wg.Go(func() { p.stream(ctx, l) })
	}
	w.onClose(func() error { p.quit(); p.wg.Wait(); return nil })
}

// poll asks for one page after the other. A launcher that is down gives no answer; one that answers says 200, or 503 with
// a reason, and is not ready while it is cut off.
func (p *pages) poll(ctx context.Context, l *launcher) {
	for n := 0; sleep(ctx, 250*time.Millisecond) == nil; n++ {
		path := polled[n%len(polled)]
		cut, began := l.cut.Load(), time.Now()
		code, body, err := l.get(ctx, path)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p.w.verdict.page("no answer")
			continue
		case code != http.StatusOK && code != http.StatusServiceUnavailable:
			p.w.verdict.add("page fails", "%s: %s: %d %.200s", l, path, code, body)
		case code == http.StatusOK && path == "/ready" && cut != nil && began.Sub(*cut) > sessionSeconds*time.Second && l.cut.Load() == cut:
			p.w.verdict.add("ready without ZooKeeper", "%s says OK %s after its lines were cut", l, time.Since(*cut).Round(time.Second))
		}
		p.w.verdict.page(fmt.Sprintf("%s %d", path, code))
	}
}

// stream holds the dashboard's event stream open, and opens it again when it ends.
func (p *pages) stream(ctx context.Context, l *launcher) {
	for ; ctx.Err() == nil; _ = sleep(ctx, time.Second) {
		resp, err := l.ask(ctx, "/dashboard/events")
		if err != nil {
			continue
		}
		buf := make([]byte, 64<<10)
		for {
			n, err := resp.Body.Read(buf)
			if n > 0 {
				p.w.verdict.page("reads of the stream")
			}
			if err != nil {
				break
			}
		}
		_ = resp.Body.Close()
	}
}
