package execute

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Forecast is what Terraform says that a job would do.
type Forecast struct {
	Add, Change, Remove int
	Planned             []Event // planned_change, by address
	Drift               []Event // resource_drift, by address: what has happened outside
	Diagnostics         []Diagnostic
	Text                string // Terraform's words for people, when asked for; what is sensitive is masked by Terraform, and the nodes' results are left out
}

// planFile is Terraform's own form of a plan, in the folder.
const planFile = "plan.tfplan"

// LookWait is how long a Terraform that was interrupted while it looked may still take.
const LookWait = 5 * time.Second

// Looker runs Terraform to look only. There is one to a process: what it does is said in the environment.
type Looker struct {
	engine Engine
	words  bool
}

// NewLooker prepares this process for plans, of jobs to create and destroy or, with drift, of jobs to refresh. words asks
// for Terraform's own text, too, which costs another run of Terraform for each.
func NewLooker(engine Engine, drift, words bool) (*Looker, error) {
	kept := Environ()
	for _, kv := range os.Environ() {
		if k, _, _ := strings.Cut(kv, "="); kept[k] == "" {
			if err := os.Unsetenv(k); err != nil {
				return nil, err
			}
		}
	}
	args := "-json"
	if drift {
		args += " -refresh-only" // see applyArgs
	}
	kept["TF_CLI_ARGS_plan"] = args
	for k, v := range kept {
		if err := os.Setenv(k, v); err != nil {
			return nil, err
		}
	}
	return &Looker{engine, words}, frugal()
}

// Plan has Terraform plan a job in a folder of its own, a copy for a workspace that exists. No lock is taken; the state
// in the folder stays as it is. The error is that of ctx, or that Terraform could not be run; what Terraform itself has to
// say against the job is among the diagnostics.
//
// With job.Plugins the plan uses these; where it fails with them it is made again with plugins of Terraform's own. An end
// of ctx cancels what all that share them are at.
func (l *Looker) Plan(ctx context.Context, dir string, job Job) (Forecast, error) {
	f, err := l.plan(ctx, dir, job)
	if len(job.Plugins) > 0 && ctx.Err() == nil && (err != nil || f.failed()) {
		job.Plugins = nil
		f, err = l.plan(ctx, dir, job)
	}
	return f, err
}

func (l *Looker) plan(ctx context.Context, dir string, job Job) (Forecast, error) {
	tf, err := tfexec.NewTerraform(dir, l.engine.Path)
	if err == nil {
		err = tf.SetWaitDelay(LookWait) // nothing is lost
	}
	if err != nil {
		return Forecast{}, err
	}
	var f Forecast
	tf.SetStdout(&eventWriter{each: f.see})
	var shared *plugins
	if len(job.Plugins) > 0 {
		shared = &plugins{list: job.Plugins}
	}
	opts := []tfexec.PlanOption{tfexec.Lock(false), tfexec.Refresh(job.Kind == Refresh), tfexec.Parallelism(10), shared.reattach()}
	if l.words {
		opts = append(opts, tfexec.Out(planFile))
	}
	var only []string
	switch job.Kind {
	case Destroy:
		only, opts = targets(job), append(opts, tfexec.Destroy(true))
	case Refresh:
		if only, err = refreshed(dir); err != nil || len(only) == 0 {
			return Forecast{}, err
		}
	}
	for _, target := range only {
		opts = append(opts, tfexec.Target(target))
	}
	_, err = tf.Plan(ctx, opts...)
	if ctx.Err() != nil {
		return Forecast{}, ctx.Err()
	}
	if err != nil && !f.failed() {
		return Forecast{}, fmt.Errorf("run %s plan: %w", filepath.Base(l.engine.Path), shorten(err))
	}
	f.sort()
	if l.words && err == nil {
		tf.SetStdout(io.Discard)
		text, err := tf.ShowPlanFileRaw(ctx, planFile, shared.reattach())
		if err != nil {
			return Forecast{}, errors.Join(ctx.Err(), shorten(err))
		}
		f.Text = withoutResults(text)
	}
	return f, nil
}

func (f *Forecast) see(e Event) {
	switch e.Type {
	case "planned_change":
		f.Planned = append(f.Planned, e)
	case "resource_drift":
		f.Drift = append(f.Drift, e)
	case "diagnostic":
		f.Diagnostics = append(f.Diagnostics, *e.Diagnostic)
	case "change_summary":
		f.Add, f.Change, f.Remove = e.Add, e.Change, e.Remove
	}
}

func (f *Forecast) failed() bool {
	return slices.ContainsFunc(f.Diagnostics, func(d Diagnostic) bool { return d.Severity == "error" })
}

// sort puts events into an order that is the same each time.
func (f *Forecast) sort() {
	byAddress := func(a, b Event) int { return cmp.Compare(a.Address, b.Address) }
	slices.SortStableFunc(f.Planned, byAddress)
	slices.SortStableFunc(f.Drift, byAddress)
}

// eventWriter takes Terraform's lines apart as they come.
type eventWriter struct {
	each func(Event)
	rest []byte
}

func (w *eventWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		w.rest = rest
		if e, ok := ParseEvent(line); ok {
			w.each(e)
		}
	}
}
