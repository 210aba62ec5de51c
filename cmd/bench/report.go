package main

import (
	"context"
	"os"
	"runtime"
	"strings"
	"time"
)

// report is what the bench prints. Times are in milliseconds, CPU in milliseconds of one core, memory in MiB.
type report struct {
	Machine struct {
		CPUs     int     `json:"cpus"`
		Engine   string  `json:"engine"`
		Measured string  `json:"measured"` // day
		Seconds  float64 `json:"seconds"`  // the whole run
		CPUBy    string  `json:"cpu_counted_by"`
		// Load is what else the machine did: the load average before the run began.
		Load string `json:"load_before"`
	} `json:"machine"`
	// Errors are of phases that could not be measured; the others are.
	Errors   []string  `json:"errors,omitempty"`
	Budgets  []budget  `json:"budgets"`
	Idle     *idle     `json:"idle,omitempty"`
	Builtin  *idle     `json:"idle_builtin,omitempty"` // a module of what is built into Terraform
	Burst    *burst    `json:"burst,omitempty"`
	BurstB   *burst    `json:"burst_builtin,omitempty"`
	Steady   *steady   `json:"steady,omitempty"`
	Fleet    *fleet    `json:"fleet,omitempty"`
	Web      *webPage  `json:"web,omitempty"`
	Bare     *bare     `json:"bare_terraform,omitempty"`
	Nodepool *nodepool `json:"nodepool,omitempty"`
	Plan     *plan     `json:"plan,omitempty"`
}

func measure(ctx context.Context, o options) (*report, error) {
	rep := &report{}
	began := time.Now()
	load, _ := os.ReadFile("/proc/loadavg")
	rep.Machine.CPUs, rep.Machine.Measured, rep.Machine.Load = runtime.NumCPU(), began.UTC().Format(time.DateOnly), strings.TrimSpace(string(load))
	dir, err := os.MkdirTemp("", "nodepool-tf-bench-")
	if err != nil {
		return nil, err
	}
	if o.keep {
		progress("everything is in %s", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	w, err := newWorld(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	defer w.close()
	rep.Machine.Engine = w.version
	wanted := map[string]bool{}
	for p := range strings.SplitSeq(o.phases, ",") {
		wanted[p] = true
	}
	phase := func(name string, do func() error) {
		if ctx.Err() != nil {
			return
		}
		if err := do(); err != nil {
			progress("%s: %v", name, err)
			rep.Errors = append(rep.Errors, name+": "+err.Error())
		}
	}
	if wanted["idle"] || wanted["burst"] || wanted["steady"] {
		phase("one launcher", func() error { return rep.alone(ctx, w, wanted, o) })
	}
	if wanted["fleet"] {
		phase("fleet", func() (err error) {
			rep.Fleet, err = w.fleet(ctx, o.fleet, o.next, o.launches)
			return err
		})
	}
	if wanted["web"] {
		phase("web", func() (err error) {
			rep.Web, err = w.web(ctx, o.fleet[len(o.fleet)-1], min(o.next, 20))
			return err
		})
	}
	if wanted["bare"] {
		phase("bare Terraform", func() (err error) {
			rep.Bare, err = w.bare(ctx, o.bareFleet)
			return err
		})
	}
	if wanted["nodepool"] {
		phase("Nodepool", func() (err error) {
			rep.Nodepool, err = w.nodepool(ctx, o.nodepool)
			return err
		})
	}
	if wanted["plan"] {
		phase("plan", func() (err error) {
			rep.Plan, err = w.plan(ctx, o.plan)
			return err
		})
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	rep.Budgets = rep.budgets()
	rep.Machine.Seconds = time.Since(began).Round(time.Second).Seconds()
	return rep, nil
}

// alone are the phases in which one launcher has the machine to itself.
func (r *report) alone(ctx context.Context, w *world, wanted map[string]bool, o options) error {
	progress("starting ZooKeeper, the cloud and the launcher")
	s, err := w.open(ctx, "alone")
	if err != nil {
		return err
	}
	defer s.close() //nolint:contextcheck // also after ctx has ended
	r.Machine.CPUBy = s.meter.group.kind()
	if wanted["idle"] {
		if r.Idle, err = s.idle(ctx, inCloud, o.requests); err != nil {
			return err
		}
		if r.Builtin, err = s.idle(ctx, instant, o.requests); err != nil {
			return err
		}
	}
	if wanted["burst"] {
		if r.Burst, err = s.burst(ctx, inCloud, o.burst); err != nil {
			return err
		}
		if r.BurstB, err = s.burst(ctx, instant, o.burst); err != nil {
			return err
		}
	}
	if wanted["steady"] {
		r.Steady, err = s.steady(ctx, o.rate, o.length, o.hold)
	}
	return err
}
