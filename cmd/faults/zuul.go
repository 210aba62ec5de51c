package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/zuul"
)

// client is Zuul: its own code sends mixed requests and checks every invariant of protocol.md 5.4 (testdata/zuul/soak.py).
type client struct {
	w              *world
	python, script string
	report         bytes.Buffer
	ended          chan error
}

// clientReport is what it says at the end.
type clientReport struct {
	Counts   map[string]int    `json:"counts"`
	Latency  map[string]any    `json:"request_to_fulfilled_seconds"`
	Broken   map[string]int    `json:"broken"`
	Examples []json.RawMessage `json:"examples"`
}

func newClient(ctx context.Context, w *world) (*client, error) {
	python, err := zuul.Venv(ctx, "")
	if err != nil {
		return nil, err
	}
	_, script, err := zuul.Scripts(filepath.Join(w.dir, "zuul"))
	return &client{w: w, python: python, script: script, ended: make(chan error, 1)}, err
}

func (c *client) start(ctx context.Context, d time.Duration) error {
	w := c.w
	cmd := exec.CommandContext(ctx, c.python, "-B", c.script,
		"--hosts", strings.Join(w.plain(), ","), "--labels", mixedLabels, "--apart", strings.Join(w.apart(), ","), "--others", pythonProvider, "--minutes", fmt.Sprint(d.Minutes()),
		"--seed", fmt.Sprint(w.Seed%1_000_000), "--workers", "8", "--max-size", "3", "--job-seconds", "3", "--pause", "1",
		"--allow-failed", "--zookeeper-faults", "--request-timeout", "240",
		// A lost host's runs are waited for (105 s), and a restart of the taker at the wrong moment adds 25 s.
		"--gone-timeout", "150", "--odd-timeout", "150")
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	log, err := os.OpenFile(filepath.Join(w.dir, "zuul.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = &c.report, log
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start Zuul's client: %w", err), log.Close())
	}
	w.onClose(func() error { _ = cmd.Process.Kill(); return nil })
	go func() { c.ended <- errors.Join(cmd.Wait(), log.Close()) }()
	return nil
}

// wait takes what Zuul has to say once all its jobs have ended.
func (c *client) wait(ctx context.Context, v *verdict) error {
	var ended error
	select {
	case ended = <-c.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	var r clientReport
	if err := json.Unmarshal(c.report.Bytes(), &r); err != nil {
		return fmt.Errorf("zuul's client ended without a report (%w), its log is zuul.log: %w", ended, err)
	}
	v.Zuul, v.Latency = r.Counts, r.Latency
	if v.Zuul["fulfilled"] == 0 {
		v.add("nothing was tried", "no request was fulfilled: the world is broken, whatever else is said of it")
	}
	for kind, n := range r.Broken {
		for _, e := range r.Examples {
			var example struct{ Kind string }
			var line bytes.Buffer
			if json.Unmarshal(e, &example) == nil && example.Kind == kind && json.Compact(&line, e) == nil {
				v.add("zuul: "+kind, "%s", &line)
				n--
			}
		}
		if n > 0 {
			v.add("zuul: "+kind, "and %d more", n)
		}
	}
	return nil
}
