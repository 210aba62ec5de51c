package workspace

import (
	"runtime"
	"sync"
	"time"
)

// longestYouth is how long a run counts as young at most: one that waits for something in its plan, a slow API for
// instance, is not what it keeps others from.
const longestYouth = 2 * time.Second

// born counts a run as young: Terraform evaluates what it is going to do, which takes a processor for itself. More of
// these than processors only take longer each, and their memory at once; runs that wait for a cloud do not matter. The
// caller calls grown, any number of times and without mu, once resources are being made or the run has ended. Callers of
// born hold mu.
func (m *Manager) born() (grown func()) {
	m.young++
	var once sync.Once
	end := func() {
		once.Do(func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.young--
			m.dispatch()
		})
	}
	timer := time.AfterFunc(longestYouth, end)
	return func() {
		timer.Stop()
		end()
	}
}

// crowded reports whether there are as many young runs as there may be.
func (m *Manager) crowded() bool { return m.young > runtime.GOMAXPROCS(0) }
