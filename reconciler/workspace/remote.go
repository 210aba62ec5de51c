package workspace

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// remote is how the operator's backend does. While it fails nothing new is created, because a node could not be handed
// over, and nothing else is tried: one failure is told, and tried again, for all workspaces. Guarded by Manager.mu but
// for slots.
type remote struct {
	slots    chan struct{} // commands at a time: each is a process, and mostly waits for the network
	proven   bool          // the last command went well
	failures int           // in a row
	until    time.Time     // nothing is tried before
	err      error         // the last failure
}

func newRemote() remote { return remote{slots: make(chan struct{}, max(4, 2*runtime.GOMAXPROCS(0)))} }

// Back-off between commands to a backend that fails.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// errBackend is a failure of the backend, which is told once and not for each workspace.
var errBackend = errors.New("the backend that states are copied to fails")

// backendDown reports whether the backend is to be left alone for now. Callers hold mu.
func (m *Manager) backendDown() bool { return time.Now().Before(m.remote.until) }

// withBackend runs one command for the backend, as long as the session lasts: whoever loses its lease stops writing.
func (m *Manager) withBackend(do func(context.Context) error) error {
	m.mu.Lock()
	session, end := m.session, m.endSession
	m.mu.Unlock()
	if end == nil {
		return errAway
	}
	select {
	case m.remote.slots <- struct{}{}:
		defer func() { <-m.remote.slots }()
	case <-session.Done():
		return errAway
	}
	m.mu.Lock()
	down, last := m.backendDown(), m.remote.err
	m.mu.Unlock()
	if down {
		return fmt.Errorf("%w: %w", errBackend, last)
	}
	err := do(session)
	if session.Err() != nil {
		return errAway
	}
	return m.judgeBackend(err)
}

// judgeBackend learns from a command how the backend does. A refusal is an answer.
func (m *Manager) judgeBackend(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.remote
	if err == nil || errors.Is(err, execute.ErrNewer) || errors.Is(err, execute.ErrUnrelated) {
		if r.failures > 0 {
			m.opts.Log.Info("the backend that states are copied to answers again")
			r.failures, r.until, r.err = 0, time.Time{}, nil
			m.dispatch()
		}
		r.proven = true
		return err
	}
	if m.backendDown() { // it is told already: others were under way
		return fmt.Errorf("%w: %w", errBackend, err)
	}
	pause := min(firstPause<<min(r.failures, 10), lastPause)
	r.proven, r.until, r.err = false, time.Now().Add(pause), err
	r.failures++
	m.opts.Log.Warn("the backend that states are copied to fails; until it answers no new nodes are created, and none that is complete is handed over", "class", execute.ClassOf(err), "again", pause, "err", err)
	return fmt.Errorf("%w: %w", errBackend, err)
}
