package keyscan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second
	shortTry   = 2 * time.Second
	longTry    = 10 * time.Second
)

// pace says when the next attempt starts and how long its connect may take.
//
// Upstream retries once a second. Here the pause starts at 50 ms, because a machine that
// refuses today is often up 100 ms later and this wait is part of every hand-over. A try that
// gets no answer at all is cut after 2 s: the kernel repeats a lost SYN after 1, 3 and 7 s, so a
// machine that comes up in between would wait for seconds. Each fifth try gets the full 10 s,
// for links that really are that slow.
type pace struct {
	tries   int
	pause   time.Duration
	started time.Time
	last    error
}

func newPace() *pace { return &pace{pause: firstPause, started: time.Now()} }

// limit is the longest the next connect may take.
func (p *pace) limit() time.Duration {
	p.started = time.Now()
	p.tries++
	if p.tries%5 == 0 {
		return longTry
	}
	return shortTry
}

// failed notes why an attempt failed.
func (p *pace) failed(err error) { p.last = err }

// wait sleeps until the next attempt is due. Pauses count from the start of an attempt, so
// after a slow failure it returns at once.
func (p *pace) wait(ctx context.Context) error {
	due := time.NewTimer(time.Until(p.started.Add(p.pause)))
	defer due.Stop()
	p.pause = min(p.pause*3/2, maxPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-due.C:
		return nil
	}
}

// giveUp is the final error. When ctx's end is what broke the last attempt, the failure before
// it says more about the machine.
func (p *pace) giveUp(ctx context.Context, target string, err error) error {
	var timeout net.Error // the dialler says of ctx's end that it is one
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
	if p.last == nil || !ended {
		p.last = err
	}
	return fmt.Errorf("scan host keys of %s: gave up after %d attempts: %w; last failure: %v", target, p.tries, ctx.Err(), p.last)
}
