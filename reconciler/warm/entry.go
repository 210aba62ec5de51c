package warm

import (
	"context"
	"time"
)

// entry is what is kept running for one key: at most one process that runs are given, and its successor while that is
// being started.
type entry struct {
	key      string
	what     provider
	current  *process
	starting chan struct{} // closed when the start under way has ended, nil when there is none
	prepared time.Time     // when Prepare asked last: set, it is kept though nobody uses it
	used     time.Time     // when anybody asked last

	failures int // starts that failed, or processes that died early, in a row
	notAgain time.Time
}

// Back-off between starts that fail: doubling from the first to the last of these. A process that dies within
// earlyDeath counts as one that could not be started.
const (
	firstRetry = 10 * time.Second
	lastRetry  = 10 * time.Minute
	earlyDeath = time.Minute
)

// begin starts a process for an entry, beside the one that it may have: runs are given the new one once it serves, and
// the old one ends with its last run. Callers hold mu.
func (p *Pool) begin(e *entry) {
	if e.starting != nil || p.ctx.Err() != nil || time.Now().Before(e.notAgain) {
		return
	}
	done := make(chan struct{})
	e.starting = done
	what := e.what
	p.stats.Starts++
	p.wg.Go(func() {
		began := time.Now()
		fresh, err := p.launch(p.ctx, e.key, what)
		p.mu.Lock()
		defer p.mu.Unlock()
		defer close(done)
		e.starting = nil
		if err != nil {
			if p.ctx.Err() == nil {
				p.failed(e)
				p.warn(Failed, "a provider plugin could not be kept running; Terraform starts it at each run", "provider", e.what.address, "err", err)
			}
			return
		}
		if e.current != nil {
			p.stats.Replacements++
		}
		p.retire(e)
		e.current = fresh
		p.opts.Log.Info("provider plugin started", "provider", e.what.address, "version", e.what.version, "pid", fresh.PID, "dur", time.Since(began).Round(time.Millisecond))
	})
}

func (p *Pool) launch(ctx context.Context, key string, what provider) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, p.opts.StartTimeout)
	defer cancel()
	return launch(ctx, p.store, p.env, key, what, p.opts.Tied)
}

// failed notes a failure. Callers hold mu.
func (p *Pool) failed(e *entry) {
	p.stats.Failures++
	e.notAgain = time.Now().Add(min(firstRetry<<min(e.failures, 10), lastRetry))
	e.failures++
}

// check looks whether an entry's process lives. Callers hold mu.
func (p *Pool) check(e *entry) {
	old := e.current
	if old == nil || old.alive() {
		return
	}
	p.stats.Deaths++
	p.warn(Died, "a provider plugin has died; another is started", "provider", e.what.address, "pid", old.PID, "uses", old.uses, "age", time.Since(old.Started).Round(time.Second))
	p.retire(e)
	switch {
	case time.Since(old.Started) >= earlyDeath:
		e.failures = 0
	case e.failures == 0:
		e.failures++ // once may be chance: another is started at once
	default:
		p.failed(e)
	}
}

// spent reports whether a process has used up its budget.
func (p *Pool) spent(old *process) bool {
	b := p.opts.Budget
	return old.uses >= b.Uses || time.Since(old.Started) >= b.Age || rss(old.PID)-old.first >= b.Growth
}
