package reconciler

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// mostSilence is for how long the loop may not turn before the launcher counts as stuck: far more than five of its ticks
// (operator-surface.md 2.5).
const mostSilence = time.Minute

// pulse is when the loop last turned, as the time since a beginning: clocks may jump. 0 while there is no loop.
type pulse struct {
	began time.Time
	last  atomic.Int64
}

func (p *pulse) beat() { p.last.Store(max(1, int64(time.Since(p.began)))) }
func (p *pulse) rest() { p.last.Store(0) }

// silence is how long ago the last beat was, 0 without a loop.
func (p *pulse) silence() time.Duration {
	last := p.last.Load()
	if last == 0 {
		return 0
	}
	return time.Since(p.began) - time.Duration(last)
}

// Stuck says that the loop no longer turns. Without a session there is no loop, and nothing is wrong. Any goroutine may
// call it.
func (l *Launcher) Stuck() error {
	if s := l.pulse.silence(); s >= mostSilence {
		return fmt.Errorf("the launcher's loop has not turned for %s: its stacks are logged on SIGUSR2", s.Round(time.Second))
	}
	return nil
}

// ZooKeeper is the present session, nil without one. Any goroutine may call it.
func (l *Launcher) ZooKeeper() *session.Session {
	if _, lp := l.board.look(time.Now()); lp != nil {
		return lp.s
	}
	return nil
}

// Host is the short name of this host, as figures name it.
func (l *Launcher) Host() string { return shortHost(l.fqdn) }
