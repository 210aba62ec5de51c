package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// project is the cloud's; secret is its token, which no log may show.
const (
	project = "acme"
	secret  = "tok-3f9a27c1e85b"
)

// world is everything that runs.
type world struct {
	options
	show    *screen
	verdict *verdict
	dir     string

	zk        *zkserver.Ensemble
	cloud     *cloud.Cloud
	launchers []*launcher
	machines  []*machine
	looker    *requestor.Requestor // looks on, and gives the spare nodes back at the end
	session   *session.Session
	zuul      *client
	python    *python // nil without one

	undo []func() error // in reverse order
}

// live is the story: everything starts, faults happen while Zuul asks, everything is put right and judged. An error is
// the suite's own failure.
func (w *world) live(ctx context.Context, events []Event) error {
	if err := w.build(ctx); err != nil {
		return fmt.Errorf("build the world: %w", err)
	}
	if err := w.zuul.start(ctx, w.For+3*time.Second); err != nil {
		return err
	}
	if err := w.torment(ctx, events); err != nil {
		return err
	}
	if err := w.putRight(ctx); err != nil {
		return fmt.Errorf("put everything right: %w", err)
	}
	w.show.say("faults are over; Zuul ends its jobs")
	if err := w.zuul.wait(ctx, w.verdict); err != nil {
		return err
	}
	return w.judge(ctx)
}

func (w *world) build(ctx context.Context) error {
	var err error
	if w.dir, err = os.MkdirTemp("", "nodepool-tf-faults-"); err != nil {
		return err
	}
	w.onClose(func() error { return os.RemoveAll(w.dir) })
	w.onClose(func() error { return rig.EndProcesses(w.dir) })
	if w.zuul, err = newClient(ctx, w); err != nil {
		return err
	}
	w.show.say("building the launcher, the cloud and its provider")
	skewed := w.binary == ""
	if skewed {
		if w.binary, err = buildSkewed(ctx, filepath.Join(w.dir, "bin")); err != nil {
			return err
		}
	}
	if w.binary, err = filepath.Abs(w.binary); err != nil {
		return err
	}
	if err := w.startCloud(ctx); err != nil {
		return err
	}
	if err := w.startMachines(); err != nil { //nolint:contextcheck // they end with close
		return err
	}
	if err := w.startZooKeeper(ctx); err != nil {
		return err
	}
	for n := range w.Launchers {
		l, err := w.newLauncher(n, skewed)
		if err != nil {
			return err
		}
		w.launchers = append(w.launchers, l)
		if err := l.Start(); err != nil { //nolint:contextcheck // it ends with close
			return err
		}
		w.onClose(func() error { l.close(); return nil })
	}
	direct := &rig.Rig{Options: rig.Options{Servers: w.plain()}}
	if w.looker, w.session, err = direct.Requestor(ctx, nil); err != nil {
		return err
	}
	w.onClose(func() error { w.looker.Close(); w.session.Close(); return nil })
	for _, l := range w.launchers {
		if err := l.registered(ctx); err != nil {
			return err
		}
		l.tend(ctx)
	}
	if w.python != nil {
		w.onClose(func() error { w.python.kill(); return nil })
		if err := w.python.start(ctx); err != nil {
			return err
		}
	}
	w.lookAtPages(ctx)
	return nil
}

func (w *world) startCloud(ctx context.Context) error {
	mirror, err := cloud.Mirror(ctx, filepath.Join(w.dir, "mirror"))
	if err != nil {
		return err
	}
	if err := os.Setenv("TF_CLI_CONFIG_FILE", mirror); err != nil {
		return err
	}
	if w.cloud, err = cloud.Start(ctx, filepath.Join(w.dir, "cloud")); err != nil {
		return err
	}
	w.onClose(func() error { w.cloud.Stop(); return nil })
	return w.cloud.Configure(ctx, project, w.weather())
}

// apart are the labels that are not asked for together with others.
func (w *world) apart() []string {
	if w.Python {
		return []string{rackLabel, bothLabel, pythonLabel}
	}
	return []string{rackLabel, bothLabel}
}

// weather is the cloud on a good day: not too fast, so that faults strike in the midst of things.
func (w *world) weather() api.Settings {
	ms := time.Millisecond
	return api.Settings{
		Token: secret, Seed: w.Seed, Quota: api.Quota{Instances: 40},
		Pace: api.Pace{
			Create: api.Delay{Fixed: 20 * ms, Jitter: 200 * ms}, Delete: api.Delay{Fixed: 20 * ms, Jitter: 100 * ms},
			Boot: api.Delay{Fixed: 200 * ms, Jitter: 1500 * ms}, Shutdown: api.Delay{Fixed: 100 * ms, Jitter: 500 * ms},
		},
	}
}

func (w *world) onClose(f func() error) { w.undo = append(w.undo, f) }

// close ends and removes everything, the last thing first.
func (w *world) close() error {
	var errs []error
	for len(w.undo) > 0 {
		last := len(w.undo) - 1
		errs = append(errs, w.undo[last]())
		w.undo = w.undo[:last]
	}
	return errors.Join(errs...)
}
