package dashboard

import (
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
)

// runRows is how many runs are listed; the oldest are the ones to look at.
const runRows = 12

// Runs are the Terraform runs under way.
type Runs struct {
	Total string
	Rows  []Run
	More  string // "and 3 more", "" for no more
	Limit string // of the memory that runs may take, "" for none
}

// Run is one of them.
type Run struct {
	Workspace, Provider, Kind string
	Age                       *Moment
	Nodes                     string
	Done                      string // of what it plans, "" while that is not known
	Bar                       Bar
}

func newRuns(s *status.Snapshot, c clock) Runs {
	v := Runs{Total: count(len(s.Runs))}
	for i := range s.Runs[:min(len(s.Runs), runRows)] {
		v.Rows = append(v.Rows, newRun(&s.Runs[i], c))
	}
	if more := len(s.Runs) - len(v.Rows); more > 0 {
		v.More = "and " + count(more) + " more, younger"
	}
	return v
}

func newRun(r *workspace.Run, c clock) Run {
	v := Run{Workspace: word(r.Workspace), Provider: word(r.Provider), Kind: string(r.Kind), Age: c.moment(r.Since), Nodes: count(r.Nodes)}
	if r.Resources > 0 {
		done := min(r.ResourcesDone, r.Resources)
		v.Done = count(done) + " of " + count(r.Resources)
		v.Bar = newBar(v.Done+" resources", float64(r.Resources), part{"done-share", float64(done)})
	} else {
		v.Bar.Label = "planning"
	}
	return v
}
