package dashboard

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Planner previews what the launcher would do for a provider. The text is shown as it is, so it holds no secret. An error
// is shown too.
type Planner interface {
	Plan(ctx context.Context, provider string) (string, error)
}

// Bounds of previews.
const (
	previewTime = 60 * time.Second
	// previewAge is for how long one is shown to others who ask.
	previewAge = 5 * time.Second
	maxPreview = 256 << 10
)

// previews runs one preview at a time; who asks for the same provider meanwhile gets the same one.
type previews struct {
	planner Planner
	ctx     context.Context
	flight  singleflight.Group
	slot    chan struct{}
	wg      sync.WaitGroup

	mu    sync.Mutex
	known map[string]preview
}

type preview struct {
	at   time.Time
	text string
	err  error
}

func newPreviews(ctx context.Context, p Planner) *previews {
	return &previews{planner: p, ctx: ctx, slot: make(chan struct{}, 1), known: map[string]preview{}}
}

var errBusy = errors.New("another preview takes long; try again in a minute")

// of makes a preview, or waits for one under way. It goes on when who asked first has left.
func (p *previews) of(ctx context.Context, provider string) preview {
	done := p.flight.DoChan(provider, func() (any, error) {
		if !p.begin() {
			return preview{err: context.Canceled}, nil
		}
		defer p.wg.Done()
		return p.make(provider), nil
	})
	select {
	case r := <-done:
		return r.Val.(preview)
	case <-ctx.Done():
		return preview{err: ctx.Err()}
	}
}

// begin counts a preview, unless the dashboard is closed.
func (p *previews) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	p.wg.Add(1)
	return true
}

// wait returns when no preview runs. The context has ended.
func (p *previews) wait() {
	p.mu.Lock()
	p.mu.Unlock() //nolint:staticcheck // who is within begin has counted after this
	p.wg.Wait()
}

func (p *previews) make(provider string) preview {
	p.mu.Lock()
	v, ok := p.known[provider]
	p.mu.Unlock()
	if ok && time.Since(v.at) < previewAge {
		return v
	}
	ctx, cancel := context.WithTimeout(p.ctx, previewTime)
	defer cancel()
	select {
	case p.slot <- struct{}{}:
		defer func() { <-p.slot }()
	case <-ctx.Done():
		return preview{at: time.Now(), err: errBusy}
	}
	v.text, v.err = p.planner.Plan(ctx, provider)
	v.at = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[provider] = v // only names of configured providers come here
	return v
}

// planPage is what the template shows of a preview.
type planPage struct {
	Provider, At, Error string
	Lines               []planLine
}

type planLine struct{ Class, Text string }

// newPlanPage marks lines as Terraform's own colours do.
func newPlanPage(provider string, v preview) planPage {
	p := planPage{Provider: word(provider), At: v.at.UTC().Format("15:04:05") + " UTC"}
	if v.err != nil {
		p.Error = visible(v.err.Error(), maxBlock, true)
	}
	if v.text == "" {
		return p
	}
	for line := range strings.SplitSeq(strings.TrimRight(visible(v.text, maxPreview, true), "\n"), "\n") {
		class := ""
		switch first, _, _ := strings.Cut(strings.TrimLeft(line, " │"), " "); first {
		case "+":
			class = "add"
		case "-":
			class = "del"
		case "~", "-/+", "+/-":
			class = "mod"
		}
		p.Lines = append(p.Lines, planLine{class, line})
	}
	return p
}

func (d *Dashboard) servePlan(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	provider := r.PostFormValue("provider")
	// It may take longer than the server gives a page; where that cannot be said the server is as patient already. The time to
	// read a request in is over with its body: net/http lifts it.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2*previewTime + writeWait))
	s, err := d.opts.Source.Snapshot(r.Context())
	if err != nil {
		http.Error(w, "the launcher does not answer: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	known := false
	for i := range s.Providers {
		known = known || s.Providers[i].Name == provider && s.Providers[i].Driven
	}
	if !known {
		http.Error(w, "this launcher serves no such provider", http.StatusNotFound)
		return
	}
	html, err := execute("plan", newPlanPage(provider, d.previews.of(r.Context(), provider)))
	if err != nil {
		d.opts.Log.Error("render the dashboard", "err", err)
		http.Error(w, "the preview could not be rendered; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(html) // who went away does not need it
}
