package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// deed is how a fault begins. end puts it right again, nil when there is nothing to put right; note says what came of it,
// for the log. An error is the suite's own failure.
type deed func(ctx context.Context, w *world, e Event) (end func(context.Context) error, note string, err error)

var deeds = map[Op]deed{
	Kill: kill, Term: term, TermTwice: termTwice, HostLost: loseHost, KillTerraform: killTerraform, KillPlugin: killPlugin,
	KillServer: killServer, Expire: expire, Partition: partition, DiskFull: fillDisk, Refuse: refuseWrites, Clock: jump, Cloud: breakCloud,
	Reload: reload, MachineDown: machineDown, KillPython: killPython,
}

// torment lets the events happen, each lane's one after the other.
func (w *world) torment(ctx context.Context, events []Event) error {
	began := time.Now()
	w.show.begin(w.For, len(events))
	g, inLane := errgroup.WithContext(ctx)
	for _, l := range lanes {
		g.Go(func() error {
			for _, e := range events {
				if !slices.ContainsFunc(l.ops, func(c choice) bool { return c.op == e.Op }) {
					continue
				}
				if err := sleep(inLane, time.Until(began.Add(e.At))); err != nil {
					return err
				}
				if err := w.happen(inLane, e); err != nil {
					return fmt.Errorf("%s: %w", e, err)
				}
			}
			return nil
		})
	}
	err := g.Wait()
	if err == nil {
		err = sleep(ctx, time.Until(began.Add(w.For)))
	}
	return err
}

// happen is one event from its beginning to its end.
func (w *world) happen(ctx context.Context, e Event) error {
	began := time.Now()
	end, note, err := deeds[e.Op](ctx, w, e)
	if err != nil {
		return err
	}
	w.verdict.happened(e, note)
	if note != "" {
		note = ": " + note
	}
	w.show.happened("%s%s", e, note)
	if end == nil {
		return nil
	}
	if err := sleep(ctx, time.Until(began.Add(e.For))); err != nil {
		return err
	}
	return end(ctx)
}

// putRight makes sure that nothing is at fault any more. Every event has ended by now, so it is mostly a check.
func (w *world) putRight(ctx context.Context) error {
	if err := w.cloud.Faults(ctx, project); err != nil {
		return err
	}
	for _, l := range w.launchers {
		if l.clock != nil {
			l.clock.set(0)
		}
		for _, p := range l.proxies {
			p.Restore()
		}
		if err := l.back(); err != nil { //nolint:contextcheck // it outlives ctx
			return err
		}
		if err := w.lookAgain(ctx, l); err != nil {
			return err
		}
	}
	if w.python == nil {
		return nil
	}
	// Whether it survives all of this is its own affair; what it leaves must be right with the next start of it.
	w.python.kill()
	return w.python.start(ctx)
}

// lookAgain has the short form's launchers look at machines at once: one that did not answer is left alone for a minute
// otherwise, and Zuul waits for it.
func (w *world) lookAgain(ctx context.Context, l *launcher) error {
	if !w.bound {
		return nil
	}
	other := usual
	other.Timeout++
	if _, err := l.configure(ctx, other, false); err != nil {
		return err
	}
	_, err := l.configure(ctx, usual, false)
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
