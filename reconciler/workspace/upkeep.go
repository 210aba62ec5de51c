package workspace

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// upkeep is what the manager does besides nodes coming and going: it compares workspaces with the cloud, lists what the
// cloud has and removes what leaked.
type upkeep struct {
	jobs      map[string]bool     // background jobs that wait or run, by key
	vanished  map[string]Vanished // by node
	suspects  map[string]bool     // providers at which a run was killed with something in flight
	refreshes map[string]*pace    // by provider
	cleaned   bool                // folders of an earlier daemon were removed
}

// background queues a background job (see enqueueChore), unless one of that key waits or runs. run owns nothing when it
// begins; it is over when it returns. Callers hold mu.
func (m *Manager) background(provider string, k execute.Kind, key string, run func()) bool {
	if m.upkeep.jobs[key] {
		return false
	}
	if m.upkeep.jobs == nil {
		m.upkeep.jobs = map[string]bool{}
	}
	m.upkeep.jobs[key] = true
	m.enqueueChore(provider, k, key, func() func() {
		return func() {
			defer func() {
				m.mu.Lock()
				defer m.mu.Unlock()
				delete(m.upkeep.jobs, key)
			}()
			run()
		}
	})
	m.dispatch()
	return true
}

// Suspects gives the providers, each once, at which a run was killed or interrupted with something in flight since the
// last call: there may be resources that no state knows.
func (m *Manager) Suspects() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for p := range m.upkeep.suspects {
		out = append(out, p)
	}
	m.upkeep.suspects = nil
	slices.Sort(out)
	return out
}

// suspect notes such a provider. Callers do not hold mu.
func (m *Manager) suspect(provider string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.upkeep.suspects == nil {
		m.upkeep.suspects = map[string]bool{}
	}
	m.upkeep.suspects[provider] = true
}
