package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// workspace is a root module that the bench gives to Terraform from the command line.
type workspace struct {
	dir       string
	terraform string
	plugin    *warmPlugin // that Terraform reattaches to, nil: it starts its own
}

// cost is what a command took. CPU and memory (of the largest process) include the plugin that Terraform starts.
type cost struct {
	wallMS, cpuMS, rssMiB float64
}

const cloudRoot = `terraform {
  required_providers { simcloud = { source = %q } }
}
provider "simcloud" {
  endpoint = %q
  project  = "bare"
  token    = "none"
}
`

// one is a root with one node of a module.
func one(source string) string {
	return fmt.Sprintf("module \"node\" {\n  source = %q\n  name   = \"np0000000000\"\n}\n\noutput \"node\" {\n  value = module.node\n}\n", source)
}

// root is the main.tf of a workspace with one node of the label's module.
func (w *world) root(label string) string {
	if label == instant {
		return one(rig.Module("instant"))
	}
	return fmt.Sprintf(cloudRoot, cloud.Source, w.cloud.Endpoint()) + one(rig.Module("simcloud"))
}

// workspace makes one that is not yet initialised.
func (w *world) workspace(name, main string) (*workspace, error) {
	dir := filepath.Join(w.dir, "bare", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &workspace{dir: dir, terraform: w.terraform}, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o600)
}

// run runs Terraform there.
func (w *workspace) run(ctx context.Context, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, w.terraform, args...)
	cmd.Dir, cmd.Env = w.dir, os.Environ()
	before := time.Duration(0)
	if w.plugin != nil {
		cmd.Env = append(cmd.Env, "TF_REATTACH_PROVIDERS="+w.plugin.reattach)
		before = ownCPU(w.plugin.cmd.Process.Pid)
	}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	c := cost{wallMS: ms(time.Since(began))}
	if err != nil {
		return c, fmt.Errorf("terraform %s: %w\n%s", args[0], err, out)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if w.plugin != nil {
		cpu += ownCPU(w.plugin.cmd.Process.Pid) - before
	}
	c.cpuMS = ms(cpu)
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.rssMiB = float64(ru.Maxrss) / 1024
	}
	return c, nil
}

func (w *workspace) init(ctx context.Context) (cost, error) {
	return w.run(ctx, "init", "-input=false")
}
func (w *workspace) apply(ctx context.Context) (cost, error) {
	return w.run(ctx, "apply", "-auto-approve", "-input=false", "-refresh=false")
}

func (w *workspace) destroy(ctx context.Context) (cost, error) {
	return w.run(ctx, "destroy", "-auto-approve", "-input=false", "-refresh=false")
}

// costs are those of many commands.
type costs struct {
	wall, cpu []float64
	rss       float64 // the highest
}

func (s *costs) add(c cost) {
	s.wall, s.cpu, s.rss = append(s.wall, c.wallMS), append(s.cpu, c.cpuMS), max(s.rss, c.rssMiB)
}
