package main

import "fmt"

// budget is a promise that is checked.
type budget struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Limit float64 `json:"limit"`
	Unit  string  `json:"unit"`
	Least bool    `json:"at_least,omitempty"` // the limit is the least that will do, not the most
	Met   bool    `json:"met"`
}

func (b budget) String() string {
	sign, verdict := "<=", "met"
	if b.Least {
		sign = ">="
	}
	if !b.Met {
		verdict = "NOT MET"
	}
	return fmt.Sprintf("%-8s %s: %s%s (%s %s%s)", verdict, b.Name, number(b.Value), b.Unit, sign, number(b.Limit), b.Unit)
}

// largeFleet is the size from which the budgets of a fleet are checked.
const largeFleet = 10_000

// budgets of what was measured.
func (r *report) budgets() (all []budget) {
	most := func(name string, value, limit float64, unit string) {
		all = append(all, budget{Name: name, Value: value, Limit: limit, Unit: unit, Met: value <= limit})
	}
	if i := r.Idle; i != nil {
		most("idle request to fulfilled, over a bare warm apply", i.Ratio, 1.5, "x")
		most("used to gone, p50", i.GoneMS.P50, 500, " ms")
		most("used to gone, p99", i.GoneMS.P99, 500, " ms")
	}
	if b := r.Burst; b != nil {
		all = append(all, budget{Name: fmt.Sprintf("burst of %d", b.Requests), Value: b.PerSecond, Limit: 60, Unit: " requests/s", Least: true, Met: b.PerSecond >= 60})
		most("CPU per node, Terraform included", b.CPUms, 60, " ms")
	}
	if p := r.Plan; p != nil {
		most(fmt.Sprintf("plan of %d nodes over %d providers", p.Nodes, p.Providers), p.First.Seconds, 10, " s")
		most("memory of that plan with all that it starts, at most", max(p.First.PeakRSSMiB, p.Again.PeakRSSMiB)*1.048576, 800, " MB")
	}
	if w := r.Web; w != nil && w.Nodes >= largeFleet {
		most(fmt.Sprintf("dashboard's HTML at %d nodes, p99", w.Nodes), w.HTMLMS.P99, 300, " ms")
		if w.PaintMS.N > 0 {
			most(fmt.Sprintf("dashboard's first paint at %d nodes, p50", w.Nodes), w.PaintMS.P50, 300, " ms")
		}
	}
	if r.Fleet == nil {
		return all
	}
	for _, at := range r.Fleet.Sizes {
		if at.Nodes >= largeFleet {
			most(fmt.Sprintf("next node at %d, over at 0", at.Nodes), at.Ratio, 1.2, "x")
			peak := at.PeakMiB
			if f := r.Fleet.InFlight; f != nil { // beside the largest fleet, after a restart
				peak = max(peak, f.PeakLauncher)
			}
			most(fmt.Sprintf("launcher's memory at %d nodes, at most", at.Nodes), peak*1.048576, 150, " MB")
		}
	}
	if s := r.Fleet.Restart; s != nil {
		most("launched twice after a kill in the middle of launches", float64(s.LaunchedTwice), 0, "")
	}
	return all
}

// unmet counts.
func (r *report) unmet() (n int) {
	for _, b := range r.Budgets {
		if !b.Met {
			n++
		}
	}
	return n
}
