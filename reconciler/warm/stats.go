package warm

import (
	"maps"
	"time"
)

// Stats counts since the pool was opened, except the first two, which are as of now.
type Stats struct {
	Running      int            // processes that runs are given
	Retiring     int            // processes that end with their last run
	Reattached   int            // runs that used at least one of them
	Ordinary     map[Reason]int // runs that started some plugin themselves, by reason
	Starts       int
	Failures     int // starts that failed and processes that died early
	Deaths       int
	Replacements int // of processes that were used up
}

// Stats is a snapshot.
func (p *Pool) Stats() Stats {
	if p == nil {
		return Stats{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Ordinary = maps.Clone(s.Ordinary)
	s.Retiring = len(p.retired)
	for _, e := range p.entries {
		if e.current != nil {
			s.Running++
		}
	}
	return s
}

// FellBack notes that a run with a lease started its plugins itself after all.
func (p *Pool) FellBack(why Reason) {
	if p == nil || why == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Reattached = max(0, p.stats.Reattached-1) // it may have been leased by an earlier daemon
	p.ordinary(why)
}

// ordinary counts a run that starts plugins itself. Callers hold mu.
func (p *Pool) ordinary(why Reason) {
	p.stats.Ordinary[why]++
	if why.expected() {
		if p.stats.Ordinary[why] == 1 {
			p.opts.Log.Info("Terraform starts provider plugins itself", "reason", why)
		}
		return
	}
	p.warn(why, "Terraform starts provider plugins itself", "reason", why, "runs", p.stats.Ordinary[why])
}

// warn warns, once a minute for each reason and message. Callers hold mu.
func (p *Pool) warn(why Reason, msg string, args ...any) {
	key := string(why) + " " + msg
	if now := time.Now(); now.Sub(p.warned[key]) >= time.Minute {
		p.warned[key] = now
		p.opts.Log.Warn(msg, args...)
	}
}
