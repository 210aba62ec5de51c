package metrics

import (
	"sync"
	"time"
)

// Bounds on values that come from records.
const (
	mostNames     = 50
	mostLabels    = 1000
	mostProviders = 200
	other         = "other"
)

// bounded admits so many values and calls the rest "other". What it gives is a valid value of a label, whatever a record or
// a module says: the library panics at others.
type bounded struct {
	most int

	mu    sync.Mutex
	names map[string]bool
}

func (b *bounded) name(s string) string {
	s = plainLabel(s)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.names == nil {
		b.names = map[string]bool{}
	}
	if !b.names[s] {
		if len(b.names) >= b.most {
			return other
		}
		b.names[s] = true
	}
	return s
}

type poolName struct{ provider, pool string }

// pauses adds up for how long pools were paused.
type pauses struct {
	mu    sync.Mutex
	pools map[poolName]*pause
}

type pause struct {
	since time.Time // zero while it is not paused
	total time.Duration
}

func (p *pauses) set(key poolName, paused bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pools == nil {
		p.pools = map[poolName]*pause{}
	}
	if p.pools[key] == nil {
		p.pools[key] = &pause{}
	}
	one := p.pools[key]
	switch {
	case paused && one.since.IsZero():
		one.since = now
	case !paused && !one.since.IsZero():
		one.total += now.Sub(one.since)
		one.since = time.Time{}
	}
}

// total is for how long a pool was paused until now.
func (p *pauses) total(key poolName, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.pools[key]
	if one == nil {
		return 0
	}
	if one.since.IsZero() {
		return one.total
	}
	return one.total + now.Sub(one.since)
}
