package reconciler

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
)

// leaks is what the launcher knows of leaked resources. It outlives a ZooKeeper session.
type leaks struct {
	providers map[string]*providerSweep // only the loop's goroutine

	mu sync.Mutex
	// left are the ids of what the newest list of a provider shows as leaked and was not removed since, by provider and type.
	// Who else removes it, an operator or another launcher, is not known: only lists tell. A type that was leaked stays.
	left map[string]map[string]map[string]bool
}

// of is a provider's part. The first list comes at some moment of the first interval: not all at once after a restart.
func (l *leaks) of(provider string, now time.Time, interval time.Duration) *providerSweep {
	if l.providers == nil {
		l.providers = map[string]*providerSweep{}
	}
	s := l.providers[provider]
	if s == nil {
		s = &providerSweep{next: now.Add(time.Duration(rand.Float64() * float64(interval)))} //nolint:gosec // spread, no secret
		l.providers[provider] = s
	}
	return s
}

// forget drops what is known of a provider whose configuration has changed: which module lists what.
func (l *leaks) forget(provider string) {
	if s := l.providers[provider]; s != nil {
		s.specs, s.silent = nil, false
	}
}

// see takes in what the newest list of a provider shows.
func (l *leaks) see(provider string, leaked []sweep.Leak) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == nil {
		l.left = map[string]map[string]map[string]bool{}
	}
	if l.left[provider] == nil {
		l.left[provider] = map[string]map[string]bool{}
	}
	types := l.left[provider]
	for typ := range types {
		types[typ] = nil
	}
	for _, leak := range leaked {
		if types[leak.Type] == nil {
			types[leak.Type] = map[string]bool{}
		}
		types[leak.Type][leak.ID] = true
	}
}

// removed takes out what need not wait for the next list. Any goroutine may call it.
func (l *leaks) removed(provider string, r sweep.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.left[provider][r.Type], r.ID)
}

// count tells how many are left, by provider and type, of the providers that count. Any goroutine may call it.
func (l *leaks) count(counts func(provider string) bool) (out []status.Leak) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for provider, types := range l.left {
		for typ, ids := range types {
			if counts(provider) {
				out = append(out, status.Leak{Provider: provider, Type: typ, Left: len(ids)})
			}
		}
	}
	slices.SortFunc(out, func(a, b status.Leak) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Type, b.Type))
	})
	return out
}
