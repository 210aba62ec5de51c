package workspace

import (
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// lane is what waits and runs for one provider.
type lane struct {
	provider string
	queue    []*item      // by age
	fair     fair         // who of the queue is next
	destroys []*workspace // with doomed slots, waiting for a run
	chores   []chore      // in the order in which they came
	runs     runs
	peaks    peaks
	newest   execute.Kind // of the apply started last
}

// item is an order whose module is (being) initialised.
type item struct {
	Order
	seq  int
	base *execute.Base
	solo bool // must not share its run: a run with it failed before anything was created
	dead bool // destroyed while it waited

	unkept int       // times that its workspace could not be copied
	due    time.Time // when it is to go out again after that
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

// dispatch starts as many runs as may run now. Group commit: with a run free an order goes out at once, alone; what waits
// for one goes out together. Callers hold mu.
func (m *Manager) dispatch() {
	if m.draining || m.ctx.Err() != nil || m.away() {
		return
	}
	for l, k := m.next(); l != nil; l, k = m.next() {
		switch k {
		case execute.Create:
			m.startCreate(l)
		case execute.Destroy:
			m.startDestroy(l)
		default:
			m.startChore(l)
		}
	}
}

// next chooses the provider that gets the next run, and what it runs. Of those that may have one it is the provider with
// the fewest applies under way, and among equals in turn: whose applies are slow has its share of the runs and no more,
// however long it holds them. The background comes last.
func (m *Manager) next() (*lane, execute.Kind) {
	slices.SortStableFunc(m.turn, func(a, b *lane) int { return a.runs.applies() - b.runs.applies() })
	for _, choose := range []func(*lane) execute.Kind{m.apply, m.chore} {
		for i, l := range m.turn {
			if k := choose(l); k != "" {
				m.turn = append(slices.Delete(m.turn, i, i+1), l)
				return l, k
			}
		}
	}
	return nil, ""
}

// apply chooses what a provider applies next: creates first, but turn about with destroys where both wait for runs to
// become free. A kind whose turn it is, and of which none is under way, is not overtaken by the other: at the latest
// when the provider has no apply under way it may have its own. So neither starves.
func (m *Manager) apply(l *lane) execute.Kind {
	kinds := []execute.Kind{execute.Create, execute.Destroy}
	if l.newest == execute.Create {
		slices.Reverse(kinds)
	}
	for _, k := range kinds {
		switch {
		case !m.ready(l, k):
		case m.may(l, k):
			return k
		case *l.runs.of(k) == 0:
			return ""
		}
	}
	return ""
}

// chore is the background work that a provider may begin, which is none while anything else of it waits.
func (m *Manager) chore(l *lane) execute.Kind {
	if len(l.chores) == 0 || m.ready(l, execute.Create) || m.ready(l, execute.Destroy) || !m.may(l, l.chores[0].kind) {
		return ""
	}
	return l.chores[0].kind
}

// ready reports whether a provider has something of a kind that only waits for a run.
func (m *Manager) ready(l *lane, k execute.Kind) bool {
	if k == execute.Create {
		return slices.ContainsFunc(l.queue, (*item).alive) && !m.diskFull() && !m.backendDown()
	}
	return slices.ContainsFunc(l.destroys, due)
}

func (it *item) alive() bool { return !it.dead }

func due(ws *workspace) bool { return !time.Now().Before(ws.notAgain) }

// count notes the start (n = 1) or end (-1) of a run. Callers hold mu.
func (m *Manager) count(provider string, k execute.Kind, n int) {
	l := m.lane(provider)
	*l.runs.of(k) += n
	*m.runs.of(k) += n
	if n > 0 && !background(k) {
		l.newest = k
	}
}

// startCreate runs the next orders of the queue; those that cannot be rendered fail on the way.
func (m *Manager) startCreate(l *lane) {
	l.queue = slices.DeleteFunc(l.queue, func(it *item) bool { return it.dead })
	for {
		var batch []*item
		batch, l.queue = l.fair.take(l.queue, m.opts.Batch)
		if len(batch) == 0 || m.create(batch) {
			return
		}
	}
}

// startDestroy runs the oldest waiting workspace whose time has come.
func (m *Manager) startDestroy(l *lane) {
	i := slices.IndexFunc(l.destroys, due)
	ws := l.destroys[i]
	l.destroys = slices.Delete(l.destroys, i, i+1)
	ws.queued = false
	m.destroy(ws)
}
