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

// stopper ends a run that takes too long or whose worker is told to end: Terraform is interrupted (tfexec sends it
// SIGINT when ctx ends, and kills it when the job's grace is over).
type stopper struct {
	ctx  context.Context
	done chan struct{}
	wg   sync.WaitGroup

	at     time.Time
	reason error
}

func newStopper(dir string, job Job) *stopper {
	s := &stopper{done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	s.ctx = ctx
	sig := make(chan os.Signal, 8)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	timer := time.NewTimer(job.Timeout)
	lease := watchLease(leaseOf(dir), s.done)
	grace := job.Grace + 5*time.Second
	s.wg.Go(func() {
		defer timer.Stop()
		for s.reason == nil {
			select {
			case got := <-sig:
				if got != syscall.SIGHUP { // a lost terminal is no reason to stop
					s.reason = fmt.Errorf("interrupted by signal: %s", got)
				}
			case <-timer.C:
				s.reason = errTimeout
			case <-lease:
				s.reason, grace = errLeaseLost, LeaseGrace
			case <-s.done:
				return
			}
		}
		s.at = time.Now()
		cancel()
		select {
		case <-s.done:
		case <-time.After(grace):
			// Terraform was killed, but what it started may still hold its output open.
			endLeftovers(job.ID)
		}
	})
	return s
}

// end says that the run is over. Signals stay caught: the worker has something to write yet.
func (s *stopper) end() {
	close(s.done)
	s.wg.Wait()
}

// stopped tells when and why the run was interrupted, zero when it was not. Only after end.
func (s *stopper) stopped() (time.Time, error) { return s.at, s.reason }
