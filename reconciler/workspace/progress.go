package workspace

import (
	"cmp"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Run is a Terraform run under way.
type Run struct {
	Workspace, Provider string
	Kind                execute.Kind
	Since               time.Time
	// Nodes that it makes or destroys, and how many of them are done.
	Nodes, NodesDone int
	// Resources that it plans to make or destroy, 0 before that is known, and how many of them are done.
	Resources, ResourcesDone int
}

// Runs lists the runs under way, oldest first. Lists of what a provider has are not among them.
func (m *Manager) Runs() []Run {
	m.mu.Lock()
	defer m.mu.Unlock()
	runs := make([]Run, 0, len(m.progress))
	for _, r := range m.progress {
		runs = append(runs, *r)
	}
	slices.SortFunc(runs, func(a, b Run) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Workspace, b.Workspace))
	})
	return runs
}

// watchRun notes a run until done is called. see takes its events: cheap, there may be thousands.
func (m *Manager) watchRun(ws *workspace, job execute.Job) (see func(execute.Event), done func()) {
	r := &Run{Workspace: ws.rec.ID, Provider: ws.rec.Provider, Kind: job.Kind, Since: job.Started, Nodes: len(job.Slots)}
	if r.Since.IsZero() {
		r.Since = time.Now()
	}
	m.mu.Lock()
	m.progress[ws] = r
	m.mu.Unlock()
	see = func(e execute.Event) {
		m.mu.Lock()
		defer m.mu.Unlock()
		r.see(e)
	}
	done = func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.progress, ws)
	}
	return see, done
}

func (r *Run) see(e execute.Event) {
	switch e.Type {
	case execute.RunAgain:
		r.NodesDone, r.Resources, r.ResourcesDone = 0, 0, 0
	case "planned_change":
		if e.Action != "noop" && e.Action != "read" {
			r.Resources++
		}
	case "apply_complete":
		if e.Action == "read" {
			return
		}
		r.ResourcesDone++
		if e.Address == "terraform_data."+e.Slot() && (e.Action == "delete") == (r.Kind == execute.Destroy) {
			r.NodesDone++
		}
	}
}
