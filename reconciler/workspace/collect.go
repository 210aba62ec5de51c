package workspace

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Initialised siblings, with their providers, and frozen modules are removed when nothing needs them any more: each edit of
// a local module, each new tag and each change of a provider-config makes another sibling, of hundreds of MiB perhaps.

// When they are collected, and how long one must have been unused.
const (
	collectEvery = 24 * time.Hour
	collectRetry = time.Minute // while something is being made
	// Where the disk is nearly full, what was not used for a day has to make room: without room nothing is launched at all.
	scarceEvery = 10 * time.Minute
	scarceFor   = 24 * time.Hour
)

// collecting is what the manager remembers of it.
type collecting struct {
	prepared map[string]time.Time // siblings, by name, that Prepare made
	last     time.Time            // when it was done
	next     time.Time            // when to look whether it is due
}

// prepared notes that a sibling was prepared.
func (m *Manager) prepared(base string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.collecting.prepared == nil {
		m.collecting.prepared = map[string]time.Time{}
	}
	m.collecting.prepared[base] = time.Now()
}

// ForgetPrepared keeps what was prepared before a time, and not since, no longer than anything else.
func (m *Manager) ForgetPrepared(before time.Time) {
	m.plugins.Forget(before)
	m.mu.Lock()
	defer m.mu.Unlock()
	for base, at := range m.collecting.prepared {
		if at.Before(before) {
			delete(m.collecting.prepared, base)
		}
	}
}

// basesInUse are the siblings that may not go, by name: of workspaces, of orders in the queue, of the configuration in
// force. One that was asked for a moment ago is young. Callers hold mu.
func (m *Manager) basesInUse() map[string]bool {
	inUse := map[string]bool{}
	for _, ws := range m.workspaces {
		inUse[ws.rec.Base] = true
	}
	for _, it := range m.waiting {
		if it.base != nil {
			inUse[it.base.Name] = true
		}
	}
	for base := range m.collecting.prepared {
		inUse[base] = true
	}
	return inUse
}

// collectDue collects when it is time to. Callers hold mu.
func (m *Manager) collectDue(now time.Time) {
	c := &m.collecting
	if c.last.IsZero() {
		c.last, c.next = now, now.Add(scarceEvery) // the start has collected
	}
	if now.Before(c.next) {
		return
	}
	c.next = now.Add(scarceEvery)
	unused := execute.UnusedFor
	if _, full := m.room(); full {
		unused = scarceFor
	} else if now.Sub(c.last) < collectEvery {
		return
	}
	inUse := m.basesInUse()
	m.goes(func() {
		done := m.collect(inUse, unused, now)
		m.mu.Lock()
		defer m.mu.Unlock()
		if done {
			c.last = now
		} else {
			c.next = now.Add(collectRetry)
		}
	})
}

// collect reports false when it could not be done now.
func (m *Manager) collect(inUse map[string]bool, unused time.Duration, now time.Time) bool {
	removed, done := m.bases.Collect(inUse, unused, now)
	if len(removed) > 0 {
		m.opts.Log.Info("initialised modules that nothing needs any more were removed", "folders", len(removed))
	}
	return done
}
