package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// bare is what Terraform takes by itself for the same module: one initialised workspace a node, applied and destroyed
// from the command line.
type bare struct {
	ApplyMS   percentiles `json:"apply_ms"`
	DestroyMS percentiles `json:"destroy_ms"`
	CPUms     float64     `json:"cpu_ms_per_node"` // apply and destroy
}

func (b *bench) bare(ctx context.Context, runs int) (bare, error) {
	progress("bare terraform: %d applies and destroys", runs)
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		return bare{}, fmt.Errorf("bare terraform: %w", err)
	}
	dir := filepath.Join(b.dir, "bare")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return bare{}, err
	}
	source, err := filepath.Rel(dir, rig.Module("instant"))
	if err != nil {
		return bare{}, err
	}
	main := fmt.Sprintf("module \"node\" {\n  source = %q\n  name   = \"np0000000000\"\n}\n\noutput \"node\" {\n  value = module.node\n}\n", source)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o600); err != nil {
		return bare{}, err
	}
	var cpu time.Duration
	run := func(args ...string) (float64, error) {
		cmd := exec.CommandContext(ctx, terraform, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
		began := time.Now()
		out, err := cmd.CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("terraform %s: %w\n%s", args[0], err, out)
		}
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		return ms(time.Since(began)), nil
	}
	out, err := exec.CommandContext(ctx, terraform, "version").Output()
	if err != nil {
		return bare{}, err
	}
	b.engine, _, _ = strings.Cut(string(out), "\n")
	if _, err := run("init", "-input=false"); err != nil {
		return bare{}, err
	}
	cpu = 0
	var applies, destroys []float64
	for range runs {
		a, err := run("apply", "-auto-approve", "-input=false", "-refresh=false")
		if err != nil {
			return bare{}, err
		}
		d, err := run("destroy", "-auto-approve", "-input=false", "-refresh=false")
		if err != nil {
			return bare{}, err
		}
		applies, destroys = append(applies, a), append(destroys, d)
	}
	return bare{percentile(applies), percentile(destroys), ms(cpu) / float64(runs)}, nil
}
