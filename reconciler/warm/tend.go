package warm

import (
	"os"
	"time"
)

// tendAll looks after the processes until the pool is closed.
func (p *Pool) tendAll() {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		p.mu.Lock()
		for key, e := range p.entries {
			if !p.tend(e) {
				delete(p.entries, key)
			}
		}
		p.sweep()
		p.mu.Unlock()
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			return
		}
	}
}

// tend notices deaths, replaces what is used up and drops what nobody needs. It reports whether the entry is to be kept.
// Callers hold mu.
func (p *Pool) tend(e *entry) bool {
	p.check(e)
	if e.prepared.IsZero() && e.starting == nil && time.Since(e.used) >= p.opts.Budget.Idle && !time.Now().Before(e.notAgain) {
		p.retire(e)
		return false
	}
	switch {
	case e.current == nil && !e.prepared.IsZero(), e.current != nil && p.spent(e.current):
		p.begin(e)
	}
	if e.current != nil {
		e.current.trim()
		if time.Since(e.current.Started) >= earlyDeath {
			e.failures = 0
		}
	}
	return true
}

// Doubt has plugins replaced that were asked to do something and may hang: runs that use them go on, others get new ones.
func (p *Pool) Doubt(plugins []Attachment) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range plugins {
		for _, e := range p.entries {
			if e.current != nil && e.current.dir == a.Dir {
				e.current.uses = max(e.current.uses, p.opts.Budget.Uses)
				p.begin(e)
			}
		}
	}
}

// left reads what an earlier daemon has left in the folder of the processes. Those that run are given to nobody: the
// configuration may have changed with the daemon, and a start costs less than finding out.
func left(store string) []*process {
	entries, _ := os.ReadDir(store)
	var found []*process
	for _, e := range entries {
		if old := read(store, e.Name()); old.alive() {
			found = append(found, old)
		} else {
			old.end()
		}
	}
	return found
}
