package workspace

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// chore is background work of a provider: a refresh of a workspace, a list of what the cloud holds.
type chore struct {
	kind  execute.Kind
	key   string
	start func() func()
}

// enqueueChore queues background work, unless work with the same key waits already. It goes out at a dispatch (each Tick
// is one) once neither creates nor destroys of the provider wait, one chore of a provider at a time, an eighth of the
// runs (at least one) over all providers, and never with the last free run.
//
// start is called when its turn has come, with mu held: it takes what it works on (a workspace by setting busy) and
// returns what is to be done, or nil when nothing is any more. That runs in a goroutine of its own, without mu; its run
// is counted until it returns. Callers hold mu.
func (m *Manager) enqueueChore(provider string, k execute.Kind, key string, start func() func()) {
	l := m.lane(provider)
	if !slices.ContainsFunc(l.chores, func(c chore) bool { return c.key == key }) {
		l.chores = append(l.chores, chore{k, key, start})
	}
}

// startChore runs the head of a lane's chores. Callers hold mu.
func (m *Manager) startChore(l *lane) {
	c := l.chores[0]
	l.chores = l.chores[1:]
	run := c.start()
	if run == nil {
		return
	}
	m.count(l.provider, c.kind, 1)
	m.goes(func() {
		run()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.count(l.provider, c.kind, -1)
		m.dispatch()
	})
}
