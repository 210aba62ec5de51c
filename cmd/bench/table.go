package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/nodepool-tf/nodepool-tf/cmd/bench/chart"
)

func number(v float64) string { return chart.Number(v) }

// table prints the figures for people.
func (r *report) table(w io.Writer) {
	fmt.Fprintf(w, "%d cores, %s, %s, %s s\n", r.Machine.CPUs, r.Machine.Engine, r.Machine.Measured, number(r.Machine.Seconds))
	t := &printer{w: tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)}
	r.idleTable(t)
	r.loadTable(t)
	r.fleetTable(t)
	if w := r.Web; w != nil {
		t.head(fmt.Sprintf("Dashboard beside %s nodes", number(float64(w.Nodes))))
		t.series("page, whole HTML", w.HTMLMS)
		t.series("first contentful paint", w.PaintMS)
		t.row("size", "%s KiB", number(w.KiB))
		t.row("launcher", "%.3f cores unwatched\t%.3f with one page open", w.RestCores, w.OpenCores)
	}
	r.bareTable(t)
	if n := r.Nodepool; n != nil {
		t.head("Nodepool " + n.Version)
		if n.NotRun != "" {
			t.row("not run", "%s", n.NotRun)
		} else {
			t.series("request to fulfilled", n.FulfilledMS)
			t.series("used to gone", n.GoneMS)
			t.burst(n.Burst)
			t.series("next node beside the burst", n.NextMS)
		}
	}
	r.planTable(t)
	if len(r.Budgets) > 0 {
		t.head("Budgets")
	}
	_ = t.w.Flush()
	for _, b := range r.Budgets {
		fmt.Fprintln(w, b)
	}
}

type printer struct{ w *tabwriter.Writer }

func (t *printer) head(title string) {
	_ = t.w.Flush()
	fmt.Fprintf(t.w, "\n%s\n%s\n", title, strings.Repeat("-", len(title)))
}

func (t *printer) row(name, format string, args ...any) {
	fmt.Fprintf(t.w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
}

func (t *printer) series(name string, p percentiles) {
	if p.N > 0 {
		t.row(name, "p50 %s ms\tp90 %s\tp99 %s\t(%d)", number(p.P50), number(p.P90), number(p.P99), p.N)
	}
}

func (t *printer) burst(b *burst) {
	if b == nil {
		return
	}
	t.row(fmt.Sprintf("burst of %d", b.Requests), "%s requests/s", number(b.PerSecond))
	t.series("  request to fulfilled", b.FulfilledMS)
	t.row("  gone", "%s nodes/s", number(b.GonePerS))
	t.row("  CPU per node", "%s ms\tcreation %s\tdeletion %s\tlauncher itself %s", number(b.CPUms), number(b.CreateCPUms), number(b.DeleteCPUms), number(b.LauncherCPUms))
	if o := b.Others; o.ZooKeeper > 0 {
		t.row("  CPU of others per node", "ZooKeeper %s ms\tcloud %s\tbench %s", number(o.ZooKeeper), number(o.Cloud), number(o.Bench))
	}
	t.row("  memory, at most", "launcher %s MiB\tall %s MiB\t%d processes", number(b.PeakLauncher), number(b.PeakRSSMiB), b.PeakProcesses)
}

func (r *report) idleTable(t *printer) {
	for _, i := range []struct {
		name string
		*idle
	}{{"Idle, in the simulated cloud", r.Idle}, {"Idle, module of what is built into Terraform", r.Builtin}} {
		if i.idle == nil {
			continue
		}
		t.head(i.name)
		t.series("request to fulfilled", i.FulfilledMS)
		t.series("used to gone", i.GoneMS)
		t.bare("bare", i.Warm)
		if i.Cold != nil {
			t.bare("bare, starting its plugin", *i.Cold)
		}
		t.row("request over bare apply", "%sx\tdeletion over destroy %sx", number(i.Ratio), number(i.GoneRatio))
		last := 0.0
		for _, s := range i.Timeline {
			t.row("  "+s.Name, "%.1f ms\t+%.1f", s.MS, s.MS-last)
			last = s.MS
		}
	}
}

func (t *printer) bare(name string, b bareApply) {
	t.series(name+" apply", b.ApplyMS)
	t.series(name+" destroy", b.DestroyMS)
	t.row(name+" CPU per node", "%s ms\tmemory %s MiB", number(b.CPUms), number(b.RSSMiB))
}

func (r *report) loadTable(t *printer) {
	if r.Burst != nil {
		t.head("Burst, in the simulated cloud")
		t.burst(r.Burst)
	}
	if r.BurstB != nil {
		t.head("Burst, module of what is built into Terraform")
		t.burst(r.BurstB)
	}
	if s := r.Steady; s != nil {
		t.head(fmt.Sprintf("%s requests/s for %s s", number(s.PerSecond), number(s.Seconds)))
		t.series("request to fulfilled", s.FulfilledMS)
		t.series("used to gone", s.GoneMS)
		t.row("requests waiting", "at most %d\tat the end %d", s.PeakBacklog, s.LastBacklog)
		t.row("CPU", "%s cores\t%s ms a node\tlauncher itself %s ms", number(s.Cores), number(s.CPUms), number(s.Launcher))
		t.row("memory of everything, at most", "%s MiB", number(s.PeakRSSMiB))
	}
}

func (r *report) fleetTable(t *printer) {
	if r.Fleet == nil {
		return
	}
	for _, at := range r.Fleet.Sizes {
		t.head(fmt.Sprintf("Beside %s nodes", number(float64(at.Nodes))))
		t.row("fleet grew by", "%s nodes/s\t%s ms CPU a node", number(at.GrowPerSecond), number(at.GrowCPUms))
		t.series("next node", at.NextMS)
		t.series("at 0, in turn", at.AtZero)
		t.row("ratio", "%sx", number(at.Ratio))
		t.series("used to gone", at.GoneMS)
		t.series("at 0, in turn", at.GoneZero)
		t.series("of the fleet's nodes", at.OldGoneMS)
		t.row("memory", "launcher %s MiB, at most %s\tall %s MiB, at most %s\tZooKeeper %s", number(at.LauncherMiB), number(at.PeakMiB), number(at.TotalMiB), number(at.PeakTotal), number(at.ZooKeeper))
		t.row("with nothing to do", "%.3f cores", at.IdleCores)
	}
	if f := r.Fleet.InFlight; f != nil {
		t.head(fmt.Sprintf("%d launches in flight beside the fleet", f.Launches))
		t.row("instances being made at one time", "%d", f.MostInCloud)
		t.row("memory, at most", "launcher %s MiB\tall %s MiB\t%d processes", number(f.PeakLauncher), number(f.PeakRSSMiB), f.PeakProcesses)
	}
	if s := r.Fleet.Restart; s != nil {
		t.head(fmt.Sprintf("Killed and started beside %s nodes", number(float64(s.Nodes))))
		t.row("first request fulfilled", "%s ms after the start", number(s.ServingMS))
		t.row(fmt.Sprintf("%d interrupted launches handed over", s.Launches), "%s ms after the start\tlaunched twice %d", number(s.AllMS), s.LaunchedTwice)
	}
}

func (r *report) bareTable(t *printer) {
	if r.Bare == nil {
		return
	}
	t.head("Terraform alone")
	for _, at := range r.Bare.ForEach {
		t.series(fmt.Sprintf("one workspace, next beside %d", at.Nodes), at.NextMS)
		t.row("  grown by", "%s nodes/s\tmemory %s MiB", number(at.GrowPerSecond), number(at.RSSMiB))
	}
	if p := r.Bare.PerNode; p != nil {
		t.series("workspace per node, init and apply", p.NextMS)
		t.row(fmt.Sprintf("  %d of them, %d at a time", p.Burst, p.AtOnce), "%s nodes/s\t%s ms CPU a node\tmemory of one %s MiB", number(p.PerSecond), number(p.CPUms), number(p.RSSMiB))
	}
}
