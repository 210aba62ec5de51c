package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

var errTimeout = errors.New("the run took longer than")

// stopper ends a run that takes too long or whose worker is told to end. Terraform is interrupted (tfexec sends it
// SIGINT when ctx ends, and kills it when the job's grace is over). A run that shares plugins is not: an interrupt makes
// Terraform stop its providers, and a shared one would cancel every operation of every run. It is said that the run is
// overdue, so that nobody waits for its nodes, and Terraform is left alone until the job's grace is over; killing it
// then cancels the calls of its own only.
type stopper struct {
	ctx  context.Context
	done chan struct{}
	wg   sync.WaitGroup

	at     time.Time
	reason error
}

func newStopper(dir string, job Job, limit time.Duration, shared bool, events *sink) *stopper {
	s := &stopper{done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	s.ctx = ctx
	sig := make(chan os.Signal, 8)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	timer := time.NewTimer(limit)
	lease := watchLease(leaseOf(dir), s.done)
	grace := job.Grace
	s.wg.Go(func() {
		defer timer.Stop()
		for s.reason == nil {
			select {
			case got := <-sig:
				if got != syscall.SIGHUP { // a lost terminal is no reason to stop
					s.reason = fmt.Errorf("interrupted by signal: %s", got)
				}
			case <-timer.C:
				s.reason = fmt.Errorf("%w %s", errTimeout, job.Timeout)
			case <-lease:
				s.reason, grace, lease = errLeaseLost, LeaseGrace, nil
			case <-s.done:
				return
			}
		}
		s.at = time.Now()
		if shared {
			events.say(RunOverdue, s.reason.Error())
			if !s.wait(grace, lease) && killChildren() {
				endLeftovers(job.ID)
				cancel() // lets go of output that somebody may still hold open
			}
		} else {
			cancel()
		}
		if !s.wait(grace+5*time.Second, lease) {
			// Terraform was killed, but what it started may still hold its output open.
			endLeftovers(job.ID)
		}
	})
	return s
}

// wait reports whether the run ends within that time, which gets shorter when the lease is lost meanwhile.
func (s *stopper) wait(d time.Duration, lease <-chan struct{}) bool {
	end := time.Now().Add(d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-s.done:
			return true
		case <-timer.C:
			return false
		case <-lease:
			lease = nil
			timer.Reset(min(time.Until(end), LeaseGrace))
		}
	}
}

// end says that the run is over. Signals stay caught: the worker has something to write yet.
func (s *stopper) end() {
	close(s.done)
	s.wg.Wait()
}

// stopped tells when and why the run was to end, zero when it was not. Only after end.
func (s *stopper) stopped() (time.Time, error) { return s.at, s.reason }
