package reconciler

import (
	"slices"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// history is what the launcher remembers of failures, for those who look. It outlives the sessions.
type history struct {
	redact func(string) string // takes secrets out, as the log does

	mu        sync.Mutex
	failures  []status.Failure // oldest first
	providers map[string]*health
}

// health of a provider.
type health struct {
	down    bool
	failure *status.Failure
	success time.Time
}

func newHistory(redact func(string) string) *history {
	if redact == nil {
		redact = func(s string) string { return s }
	}
	return &history{redact: redact, providers: map[string]*health{}}
}

func (h *history) of(provider string) *health {
	if h.providers[provider] == nil {
		h.providers[provider] = &health{}
	}
	return h.providers[provider]
}

// failed notes a failure, and whether the provider is to blame.
func (h *history) failed(f status.Failure, blame bool) {
	f.Text, f.Block, f.Next = h.redact(f.Text), h.redact(f.Block), h.redact(f.Next)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.failures) >= status.MostFailures {
		h.failures = slices.Delete(h.failures, 0, 1)
	}
	h.failures = append(h.failures, f)
	if !blame {
		return
	}
	p := h.of(f.Provider)
	p.failure = &f
	switch execute.Class(f.Class) {
	case execute.Quota, execute.Capacity, execute.Throttle: // it answers
	default:
		p.down = true
	}
}

// made notes that a provider made a node.
func (h *history) made(provider string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.of(provider)
	p.down, p.success = false, at
}

// newest lists the failures, newest first.
func (h *history) newest() []status.Failure {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := slices.Clone(h.failures)
	slices.Reverse(out)
	return out
}

// health completes what is known of a provider.
func (h *history) health(p *status.Provider) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.of(p.Name)
	p.Up, p.LastFailure, p.LastSuccess = !known.down && !p.Unknown, known.failure, known.success
}
