package main

import (
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/cmd/bench/chart"
)

// Series of the picture.
const (
	ours = iota
	bareAll
	barePer
	theirs
)

// picture draws what was measured; a phase that was left out leaves out its bars.
func (r *report) picture() []byte {
	p := chart.Picture{
		Title:    "nodepool-tf beside bare Terraform and Nodepool",
		Subtitle: fmt.Sprintf("one run on %d cores, %s, simulated cloud without latency; Nodepool %s with its fake cloud", r.Machine.CPUs, r.Machine.Engine, nodepoolVersion(r.Nodepool)),
		Legend:   []chart.Key{{Name: "nodepool-tf", Series: ours}, {Name: "Terraform, one workspace (for_each)", Series: bareAll}, {Name: "Terraform, a workspace per node", Series: barePer}, {Name: "Nodepool", Series: theirs}},
	}
	p.Panels = []chart.Panel{r.idlePanel(), r.burstPanel(), r.fleetPanel(), r.memoryPanel()}
	p.Notes = []string{
		"Terraform alone is asked for nothing and records nothing: its times are those of init and apply on the command line.",
		"Nodepool's cloud costs nothing (a list in its memory). `make bench` repeats all of this.",
	}
	return p.SVG()
}

func nodepoolVersion(n *nodepool) string {
	if n == nil {
		return "not run"
	}
	return n.Version
}

func (r *report) idlePanel() chart.Panel {
	b := chart.Bars{Title: "One request, nothing else to do", Subtitle: "request to fulfilled; for Terraform one apply. Bar p50, whisker p99", Axis: "milliseconds, logarithmic", Log: true}
	add := func(label string, series int, v percentiles) {
		if v.N > 0 {
			b.Bars = append(b.Bars, chart.Bar{Label: label, Series: series, Value: v.P50, High: v.P99, Text: chart.Number(v.P50) + " ms"})
		}
	}
	if i := r.Idle; i != nil {
		add("nodepool-tf", ours, i.FulfilledMS)
		add("apply, plugin running", barePer, i.Warm.ApplyMS)
		if i.Cold != nil {
			add("apply, plugin started", barePer, i.Cold.ApplyMS)
		}
	}
	if r.Bare != nil && r.Bare.PerNode != nil {
		add("init and apply", barePer, r.Bare.PerNode.NextMS)
	}
	if r.Nodepool != nil {
		add("Nodepool", theirs, r.Nodepool.FulfilledMS)
	}
	return b
}

func (r *report) burstPanel() chart.Panel {
	b := chart.Bars{Title: "Many nodes at once", Subtitle: "requests fulfilled a second, by the records' own clock", Axis: "nodes a second"}
	add := func(label string, series int, v float64) {
		b.Bars = append(b.Bars, chart.Bar{Label: label, Series: series, Value: v})
	}
	if r.Burst != nil {
		add(fmt.Sprintf("nodepool-tf, %d", r.Burst.Requests), ours, r.Burst.PerSecond)
	}
	if r.Bare != nil {
		if n := len(r.Bare.ForEach); n > 0 {
			at := r.Bare.ForEach[n-1]
			add(fmt.Sprintf("for_each, to %d", at.Nodes), bareAll, at.GrowPerSecond)
		}
		if at := r.Bare.PerNode; at != nil {
			add(fmt.Sprintf("workspace per node, %d", at.Burst), barePer, at.PerSecond)
		}
	}
	if r.Nodepool != nil && r.Nodepool.Burst != nil {
		add(fmt.Sprintf("Nodepool, %d", r.Nodepool.Burst.Requests), theirs, r.Nodepool.Burst.PerSecond)
	}
	return b
}

func (r *report) fleetPanel() chart.Panel {
	l := chart.Lines{Title: "The next node beside a fleet", Subtitle: "request to fulfilled, or apply; p50", XAxis: "nodes that exist", YAxis: "milliseconds, logarithmic", Log: true}
	if f := r.Fleet; f != nil && len(f.Sizes) > 0 {
		line := chart.Line{Series: ours, Points: []chart.Point{{X: 0, Y: f.Sizes[len(f.Sizes)-1].AtZero.P50}}}
		for _, at := range f.Sizes {
			line.Points = append(line.Points, chart.Point{X: float64(at.Nodes), Y: at.NextMS.P50})
		}
		line.Label = chart.Number(line.Points[len(line.Points)-1].Y) + " ms"
		l.Lines = append(l.Lines, line)
	}
	if r.Bare != nil && r.Bare.PerNode != nil && r.Fleet != nil && len(r.Fleet.Sizes) > 0 {
		// No node knows of another: one measurement holds for all sizes.
		v, far := r.Bare.PerNode.NextMS.P50, r.Fleet.Sizes[len(r.Fleet.Sizes)-1].Nodes
		l.Lines = append(l.Lines, chart.Line{Series: barePer, Dashed: true, Label: chart.Number(v) + " ms", Points: []chart.Point{{X: 0, Y: v}, {X: float64(far), Y: v}}})
	}
	if r.Bare != nil {
		line := chart.Line{Series: bareAll}
		for _, at := range r.Bare.ForEach {
			line.Points = append(line.Points, chart.Point{X: float64(at.Nodes), Y: at.NextMS.P50})
		}
		if n := len(line.Points); n > 0 {
			line.Label = chart.Number(line.Points[n-1].Y) + " ms"
			l.Lines = append(l.Lines, line)
		}
	}
	if n := r.Nodepool; n != nil && n.Burst != nil {
		line := chart.Line{Series: theirs, Points: []chart.Point{{X: 0, Y: n.FulfilledMS.P50}, {X: float64(n.Burst.Requests), Y: n.NextMS.P50}}}
		line.Label = chart.Number(n.NextMS.P50) + " ms"
		l.Lines = append(l.Lines, line)
	}
	return l
}

func (r *report) memoryPanel() chart.Panel {
	b := chart.Bars{Title: "Memory", Subtitle: "resident, at most; of Terraform alone one process of the run", Axis: "MiB, logarithmic", Log: true}
	add := func(label string, series int, v float64) {
		b.Bars = append(b.Bars, chart.Bar{Label: label, Series: series, Value: v, Text: chart.Number(v) + " MiB"})
	}
	if r.Fleet != nil {
		for _, at := range r.Fleet.Sizes {
			add("launcher, "+chart.Number(float64(at.Nodes))+" nodes", ours, at.PeakMiB)
		}
		if r.Fleet.InFlight != nil {
			add(fmt.Sprintf("all, %d launching", r.Fleet.InFlight.Launches), ours, r.Fleet.InFlight.PeakRSSMiB)
		}
	}
	if r.Burst != nil {
		add(fmt.Sprintf("all, burst of %d", r.Burst.Requests), ours, r.Burst.PeakRSSMiB)
	}
	if r.Bare != nil {
		if n := len(r.Bare.ForEach); n > 0 {
			add(fmt.Sprintf("for_each, %d", r.Bare.ForEach[n-1].Nodes), bareAll, r.Bare.ForEach[n-1].RSSMiB)
		}
		if r.Bare.PerNode != nil {
			add("one apply", barePer, r.Bare.PerNode.RSSMiB)
		}
	}
	if r.Nodepool != nil && r.Nodepool.Burst != nil {
		add(fmt.Sprintf("Nodepool, %d nodes", r.Nodepool.Burst.Requests), theirs, r.Nodepool.Burst.PeakRSSMiB)
	}
	return b
}
