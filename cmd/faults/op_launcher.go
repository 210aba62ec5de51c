package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// kill is a crash of the launcher. Its workers go on.
func kill(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	l := w.launchers[e.Launcher]
	note := nobody
	if l.down(l.Kill) {
		note = fmt.Sprintf("%d worker(s) go on", len(l.Workers()))
	}
	return func(context.Context) error { return l.back() }, note, nil //nolint:contextcheck // it outlives ctx
}

// term is an operator's stop: what is in hand is finished, or goes on and is taken up.
func term(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	l := w.launchers[e.Launcher]
	began, note := time.Now(), nobody
	if l.down(l.stop) {
		note = fmt.Sprintf("left after %.1f s", time.Since(began).Seconds())
	}
	return func(context.Context) error { return l.back() }, note, nil //nolint:contextcheck // it outlives ctx
}

// termTwice is an impatient operator's.
func termTwice(ctx context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	l := w.launchers[e.Launcher]
	var waitErr error
	ran := l.down(func() {
		_ = l.Signal(syscall.SIGTERM)
		_ = sleep(ctx, time.Second)
		_ = l.Signal(syscall.SIGTERM)
		limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if waitErr = l.Wait(limit); limit.Err() != nil { //nolint:contextcheck // also when the suite is interrupted
			w.verdict.add("launcher does not stop", "%s: not within 10 s of the second SIGTERM; its last words: %s", l, lastLine(l.Log()))
			l.Kill()
		}
	})
	note := nobody
	if ran {
		note = fmt.Sprintf("%v; %d worker(s) go on", waitErr, len(l.Workers()))
	}
	return func(context.Context) error { return l.back() }, note, nil //nolint:contextcheck // it outlives ctx
}

// loseHost is the end of a machine: everything on it stops at once, and its disk is gone. Another takes its place.
func loseHost(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	l := w.launchers[e.Launcher]
	if l.disk != nil && l.disk.now() {
		return nil, "left out: its disk is at fault", nil
	}
	died := 0
	var failed error
	l.down(func() {
		died = len(rig.Processes(l.Dir))
		l.Kill()
		failed = rig.EndProcesses(l.StateDir)
	})
	if failed != nil {
		return nil, "", failed
	}
	left, err := filepath.Glob(filepath.Join(l.StateDir, "*"))
	if err != nil {
		return nil, "", err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return nil, "", err
		}
	}
	return func(context.Context) error { return l.back() }, fmt.Sprintf("%d processes died with it", died), nil //nolint:contextcheck // it outlives ctx
}
