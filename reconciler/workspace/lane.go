package workspace

import (
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// lane is what waits and runs for one provider.
type lane struct {
	provider string
	queue    []*item      // first come first served
	destroys []*workspace // with doomed slots, waiting for a run
	runs     runs
	newest   execute.Kind // of the run started last
}

// item is an order whose module is (being) initialised.
type item struct {
	Order
	seq  int
	base *execute.Base
	solo bool // must not share its run: a run with it failed before anything was created
	dead bool // destroyed while it waited
}

// runs counts what is under way.
type runs struct{ creating, destroying int }

func (r runs) total() int { return r.creating + r.destroying }

func (r *runs) add(k execute.Kind, n int) {
	if k == execute.Destroy {
		r.destroying += n
	} else {
		r.creating += n
	}
}

// room reports whether a bound leaves room for one more run. Creates leave a quarter of it to destroys, so that a burst
// of requests (or applies that hang) cannot keep used nodes alive.
func (r runs) room(limit int, k execute.Kind) bool {
	return r.total() < limit && (k == execute.Destroy || r.creating < limit-limit/4)
}

// lane finds or makes a provider's lane. Callers hold mu.
func (m *Manager) lane(provider string) *lane {
	l := m.lanes[provider]
	if l == nil {
		l = &lane{provider: provider}
		m.lanes[provider] = l
		m.turn = append(m.turn, l)
	}
	return l
}

// dispatch starts as many runs as may run now, providers in turn. Group commit: with a run free an order goes out at
// once, alone; what waits for one goes out together. Callers hold mu.
func (m *Manager) dispatch() {
	if m.draining || m.ctx.Err() != nil || m.away() {
		return
	}
	for i := 0; i < len(m.turn); {
		l := m.turn[i]
		if !m.startOne(l) {
			i++
			continue
		}
		m.turn = append(slices.Delete(m.turn, i, i+1), l)
		i = 0
	}
}

// startOne starts a run of a provider, if it may have one and has something to run: creates first, but turn about with
// destroys where both wait for runs to become free.
func (m *Manager) startOne(l *lane) bool {
	create := func() bool { return m.may(l, execute.Create) && m.startCreate(l) }
	destroy := func() bool { return m.may(l, execute.Destroy) && m.startDestroy(l) }
	if l.newest == execute.Create {
		return destroy() || create()
	}
	return create() || destroy()
}

// may reports whether the bounds allow a provider one more run. A provider with nothing under way may always have one,
// beyond the bound over all providers if need be: one provider's slow applies never hold up another's.
func (m *Manager) may(l *lane, k execute.Kind) bool {
	if limit := m.opts.ProviderLimit(l.provider); limit > 0 && !l.runs.room(limit, k) {
		return false
	}
	return l.runs.total() == 0 || m.runs.room(m.opts.MaxApplies, k)
}

// count notes the start (n = 1) or end (-1) of a run. Callers hold mu.
func (m *Manager) count(provider string, k execute.Kind, n int) {
	l := m.lane(provider)
	l.runs.add(k, n)
	m.runs.add(k, n)
	if n > 0 {
		l.newest = k
	}
}

// startCreate runs the head of the queue and what fits with it.
func (m *Manager) startCreate(l *lane) bool {
	l.queue = slices.DeleteFunc(l.queue, func(it *item) bool { return it.dead })
	for len(l.queue) > 0 && !m.diskFull() {
		if m.create(m.takeBatch(l)) {
			return true
		}
	}
	return false
}

// takeBatch removes from a queue its head and the orders after it that may share its run: those of the same module, and
// so of the same fate when the module is broken.
func (m *Manager) takeBatch(l *lane) []*item {
	var batch, rest []*item
	for _, it := range l.queue {
		switch {
		case len(batch) == 0:
			batch = append(batch, it)
		case len(batch) < m.opts.Batch && it.base.Name == batch[0].base.Name && !it.solo && !batch[0].solo:
			batch = append(batch, it)
		default:
			rest = append(rest, it)
		}
	}
	l.queue = rest
	return batch
}

// startDestroy runs the oldest waiting workspace whose time has come.
func (m *Manager) startDestroy(l *lane) bool {
	for i, ws := range l.destroys {
		if time.Now().Before(ws.notAgain) {
			continue
		}
		l.destroys = slices.Delete(l.destroys, i, i+1)
		ws.queued = false
		return m.destroy(ws)
	}
	return false
}
