package reconciler

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// leaks is what the launcher knows of leaked resources. It outlives a ZooKeeper session.
type leaks struct {
	providers map[string]*providerSweep // only the loop's goroutine

	mu     sync.Mutex
	counts map[[2]string]*LeakCount // by provider and type
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

// LeakCount counts resources of one provider and type since the launcher's start.
type LeakCount struct {
	Provider, Type string
	Found          int // reported as leaked
	Removed        int
}

func (l *leaks) count(provider, typ string, change func(*LeakCount)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[[2]string]*LeakCount{}
	}
	key := [2]string{provider, typ}
	if l.counts[key] == nil {
		l.counts[key] = &LeakCount{Provider: provider, Type: typ}
	}
	change(l.counts[key])
}

// Leaks gives the counts, by provider and type. Any goroutine may call it.
func (l *Launcher) Leaks() []LeakCount {
	l.leaks.mu.Lock()
	defer l.leaks.mu.Unlock()
	var out []LeakCount
	for _, c := range l.leaks.counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b LeakCount) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Type, b.Type))
	})
	return out
}
