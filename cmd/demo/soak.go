package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/zuul"
)

// soak lets Zuul's own code send mixed requests and check every invariant (testdata/zuul/soak.py),
// on wish while the daemon is killed again and again. The report goes to stdout; a broken
// invariant is an error, and so is a server that no node record stands for.
func soak(ctx context.Context, w *world, o options) error {
	w.show.title("Soak: Zuul %s's own code sends mixed requests for %s", zuul.Version, o.soak)
	python, err := zuul.Venv(ctx, "")
	if err != nil {
		return err
	}
	if err := w.build(ctx, o); err != nil {
		return err
	}
	_, script, err := zuul.Scripts(filepath.Join(w.dir, "zuul"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, python, "-B", script, "--hosts", w.zk.Addr, "--labels", label+","+spare,
		"--minutes", fmt.Sprint(o.soak.Minutes()))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it still reports
	cmd.WaitDelay = 5 * time.Minute
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := w.harass(o.soak, o.kill)
	err = cmd.Wait()
	if killErr := stop(); killErr != nil {
		return killErr
	}
	if err != nil {
		return fmt.Errorf("soak: an invariant broke, see the report above: %w", err)
	}
	if err := w.accounted(ctx); err != nil {
		return err
	}
	return w.stopDaemon()
}

// harass kills the daemon every so often and starts it again, until the time is over or the
// returned function is called.
func (w *world) harass(total, every time.Duration) (stop func() error) {
	if every == 0 {
		return func() error { return nil }
	}
	quit, done := make(chan struct{}), make(chan error, 1)
	go func() {
		end := time.Now().Add(total)
		for kills := 0; ; kills++ {
			select {
			case <-quit:
				w.show.fact("harassed", "the daemon was killed %d times", kills)
				done <- nil
				return
			case <-time.After(every):
			}
			if time.Now().After(end) {
				kills--
				continue
			}
			_ = w.daemon.cmd.Process.Signal(syscall.SIGKILL)
			<-w.daemon.exited
			if err := w.startDaemon(); err != nil {
				done <- err
				return
			}
		}
	}()
	return func() error { close(quit); return <-done }
}

// accounted waits until the servers that run are those that node records stand for.
func (w *world) accounted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		entries, err := os.ReadDir(w.nodesDir())
		if err != nil {
			return err
		}
		var servers, records []string
		for _, e := range entries {
			servers = append(servers, strings.TrimPrefix(e.Name(), "np"))
		}
		w.tree.mu.Lock()
		for id := range w.tree.nodes {
			records = append(records, id)
		}
		w.tree.mu.Unlock()
		slices.Sort(records)
		if slices.Equal(servers, records) {
			w.show.fact("left", "%d ready nodes, each with its server and its record", len(records))
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("soak: servers %q run, node records are %q", servers, records)
		case <-time.After(time.Second):
		}
	}
}
