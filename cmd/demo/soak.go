package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/zuul"
)

// soak lets Zuul's own code send mixed requests and check every invariant (testdata/zuul/soak.py).
// The report goes to stdout; a broken invariant is an error.
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
	cmd := exec.CommandContext(ctx, python, "-B", script, "--hosts", w.zk.Addr, "--labels", label,
		"--minutes", fmt.Sprint(o.soak.Minutes()))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it still reports
	cmd.WaitDelay = 5 * time.Minute
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("soak: an invariant broke, see the report above: %w", err)
	}
	files, resources, err := terraformState(w.stateDir())
	if err != nil {
		return err
	}
	folders, err := os.ReadDir(w.nodesDir())
	if err != nil {
		return err
	}
	w.show.fact("left", "%d sshd, %d folders, %d resources in %d state files", len(processes(w.nodesDir())), len(folders), resources, files)
	if len(folders) > 0 && resources == 0 {
		return errors.New("soak: nodes are left that no Terraform state knows")
	}
	return w.stopDaemon()
}
