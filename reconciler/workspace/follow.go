package workspace

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// runLog is what a run's event stream said that matters once it has ended.
type runLog struct {
	started  bool                            // some resource operation began
	errors   map[string][]execute.Diagnostic // by slot, "" for those that name none
	errored  map[string]time.Time            // by slot: when its first resource failed
	inFlight map[string]bool                 // resources being made or destroyed, by address
	failed   map[string]time.Time            // by address: when its operation failed
	handed   map[string]bool                 // slots told Created or Failed, by their outputs, while the run went on
	late     map[string]bool                 // slots told Failed while the run went on, because they were not complete in time
}

func newRunLog() *runLog {
	return &runLog{errors: map[string][]execute.Diagnostic{}, errored: map[string]time.Time{}, failed: map[string]time.Time{}, inFlight: map[string]bool{}, handed: map[string]bool{}, late: map[string]bool{}}
}

func (l *runLog) see(e execute.Event) {
	switch e.Type {
	case execute.RunAgain:
		*l = *newRunLog()
	case "apply_start":
		l.started = true
		l.inFlight[e.Address] = true
	case "apply_complete":
		delete(l.inFlight, e.Address)
	case "apply_errored":
		delete(l.inFlight, e.Address)
		l.failed[e.Address] = e.Time
		if s := e.Slot(); l.errored[s].IsZero() {
			l.errored[s] = e.Time
		}
	case "diagnostic":
		if e.Diagnostic.Severity == "error" {
			slot := e.Diagnostic.Slot()
			l.errors[slot] = append(l.errors[slot], *e.Diagnostic)
		}
	}
}

// follow reads a run's events until it ends and hands over each node as soon as its own resources are complete: early
// hand-off (terraform-facts.md, "What works" 1). Terraform writes a resource's state a moment after it says that it is
// complete, and in place, so a slot may have to be looked for more than once. The only error is that of the manager's
// end. grown, unless nil, is called when the first resource is begun. Callers own ws.
func (m *Manager) follow(ws *workspace, run *execute.Run, grown func()) (execute.Report, *runLog, error) {
	seen := newRunLog()
	complete := map[string]bool{} // slots whose result is complete but not yet read
	look := newGlance()
	defer look.timer.Stop()
	progress, done := m.watchRun(ws, run.Job)
	defer done()
	rep, err := run.Follow(m.ctx, look.timer.C, func(e execute.Event) {
		seen.see(e)
		progress(e)
		if e.Type == "apply_start" && grown != nil {
			grown()
			grown = nil
		}
		if run.Job.Kind != execute.Create {
			return // a copy from before a destroy does no harm: what is gone is destroyed again
		}
		if e.Type == execute.RunOverdue {
			m.handOver(ws, run.Job, complete, seen.handed)
			m.tooLate(ws, run.Job.Slots, e, seen)
			clear(complete)
		} else if e.Type == "apply_complete" && e.Address == "terraform_data."+e.Slot() && e.Action != "delete" && !seen.late[e.Slot()] {
			complete[e.Slot()] = true
		}
		if e.Type != execute.StateChanged && e.Type != execute.LinesRead {
			return
		}
		switch {
		case len(complete) > 0:
			look.at(func() bool { return m.handOver(ws, run.Job, complete, seen.handed) })
		case e.Type == execute.StateChanged && look.since() > m.copyEvery():
			look.at(func() bool { m.copyNow(ws, run.Job); return true })
		}
	})
	return rep, seen, err
}

// copyNow copies a workspace whose run goes on. If that fails the next change tries again.
func (m *Manager) copyNow(ws *workspace, job execute.Job) {
	if state, view, ok := execute.WholeState(ws.dir); ok {
		_ = m.keepState(ws, mayRun(job), state, view)
	}
}

// copyEvery bounds how often a state that tells nothing new of its nodes is copied while Terraform writes it. A push to a
// backend is a run of Terraform.
func (m *Manager) copyEvery() time.Duration {
	if m.opts.Backend != nil {
		return time.Second
	}
	return 100 * time.Millisecond
}

// handOver tells the slots that the state holds complete, once it is copied: what Zuul uses must not be forgotten with
// this host. It reports whether there was one.
func (m *Manager) handOver(ws *workspace, job execute.Job, complete, handed map[string]bool) bool {
	state, view, ok := execute.WholeState(ws.dir)
	if !ok || !holdsOne(view, complete) {
		return false // torn, or old: the next change of the file brings us back
	}
	if err := m.keepState(ws, mayRun(job), state, view); err != nil {
		return true // so does the end of the run
	}
	for _, slot := range slices.Sorted(maps.Keys(complete)) {
		r, ok := view.Results[slot]
		if !ok {
			continue
		}
		delete(complete, slot)
		m.mu.Lock()
		s := ws.rec.Slots[slot]
		m.mu.Unlock()
		if s == nil {
			continue
		}
		o := evaluate(ws, s, r)
		handed[slot] = true
		m.mu.Lock()
		m.conclude(s, o)
		m.mu.Unlock()
	}
	return true
}

func holdsOne(view execute.StateView, slots map[string]bool) bool {
	for name := range slots {
		if _, ok := view.Results[name]; ok {
			return true
		}
	}
	return false
}

// tooLate tells nodes that are not complete that they have failed, though the run goes on: it may not be interrupted. What
// it still makes of them is destroyed as what failed attempts leave is.
func (m *Manager) tooLate(ws *workspace, slots []string, e execute.Event, seen *runLog) {
	class, hint := execute.Killed, ""
	if e.TimedOut() {
		class, hint = execute.Timeout, timeoutHint
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, slot := range slots {
		s := ws.rec.Slots[slot]
		if s == nil || seen.handed[slot] || seen.late[slot] {
			continue
		}
		seen.late[slot] = true
		o := s.outcome(ws, Failed)
		o.Err = &execute.Error{Class: class, Op: "apply workspace " + ws.rec.ID, Err: errors.New(e.Reason), Hint: hint}
		m.conclude(s, o)
	}
}

// timeoutHint says what to do about a run that took too long.
const timeoutHint = "launch-timeout is how long it may take"

// conclude tells what came of an attempt, unless the node is to be destroyed: then nobody asks any more. Callers hold mu.
func (m *Manager) conclude(s *Slot, o Outcome) {
	if o.Err != nil {
		s.Class, s.Error = o.Class(), o.Err.Error()
	}
	if !s.Doomed {
		m.tell(o)
	}
}
