package workspace

import "slices"

// Limits are the bounds of a manager that may change while it works.
type Limits struct {
	MaxApplies int   // see Options
	MaxMemory  int64 // see Options
	Providers  []string
}

// SetLimits changes them. Runs under way go on, however many there are; for a provider that is not among Providers no room
// is kept once nothing of it waits or runs.
func (m *Manager) SetLimits(l Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opts.MaxApplies = l.MaxApplies; l.MaxApplies <= 0 {
		m.opts.MaxApplies = defaultApplies
	}
	m.opts.MaxMemory = l.MaxMemory
	for _, name := range l.Providers {
		m.lane(name)
	}
	m.turn = slices.DeleteFunc(m.turn, func(lane *lane) bool {
		idle := lane.idle() && !slices.Contains(l.Providers, lane.provider)
		if idle {
			delete(m.lanes, lane.provider)
		}
		return idle
	})
	m.dispatch()
}

func (l *lane) idle() bool {
	return l.runs == runs{} && len(l.queue)+len(l.destroys)+len(l.chores) == 0
}

// defaultApplies is max-concurrent-applies where nothing is said.
const defaultApplies = 8
