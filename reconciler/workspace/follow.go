package workspace

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// runLog is what a run's event stream said that matters once it has ended.
type runLog struct {
	started bool                            // some resource operation began
	errors  map[string][]execute.Diagnostic // by slot, "" for those that name none
}

// follow reads a run's events until it ends and hands over each node as soon as its own resources are complete: early
// hand-off (terraform-facts.md, "What works" 1).
func (m *Manager) follow(ws *workspace, run *execute.Run, handed map[string]bool, seen *runLog) (execute.Report, error) {
	seen.errors = map[string][]execute.Diagnostic{}
	results := map[string]string{} // address of a result resource: slot
	for _, s := range run.Job.Slots {
		results["terraform_data."+s] = s
	}
	return run.Follow(m.ctx, func(e execute.Event) {
		switch e.Type {
		case "apply_start":
			seen.started = true
		case "diagnostic":
			if e.Diagnostic.Severity == "error" {
				slot := e.Diagnostic.Slot()
				seen.errors[slot] = append(seen.errors[slot], *e.Diagnostic)
			}
		case "apply_complete":
			slot := results[e.Address]
			if slot == "" || run.Job.Kind != execute.Create || e.Action == "delete" {
				return
			}
			if o, ok := m.handOver(ws, slot); ok {
				handed[slot] = true
				m.mu.Lock()
				m.tell(o)
				m.mu.Unlock()
			}
		}
	})
}

// handOver reads a slot's outputs from the state, which Terraform writes a moment after it says that the resource is
// complete, and in place: the file may be old or torn. A slot not found in time is settled when the run ends.
func (m *Manager) handOver(ws *workspace, slot string) (Outcome, bool) {
	deadline := time.Now().Add(200 * time.Millisecond)
	for {
		if view, err := execute.PeekState(ws.dir); err == nil {
			if r, ok := view.Results[slot]; ok {
				m.mu.Lock()
				s := ws.rec.Slots[slot]
				m.mu.Unlock()
				return m.evaluate(ws, s, r), true
			}
		}
		if time.Now().After(deadline) || m.ctx.Err() != nil {
			return Outcome{}, false
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// evaluate turns a slot's outputs into node fields with the expressions recorded at launch.
func (m *Manager) evaluate(ws *workspace, s *Slot, r execute.Result) Outcome {
	spec := &modules.Spec{Outputs: map[string]modules.Expr{}}
	fail := func(err error) Outcome {
		out := s.outcome(ws, Failed)
		out.Err = &execute.Error{Class: execute.Config, Op: "read outputs of label " + s.Label, Err: err}
		return out
	}
	for field, src := range s.Outputs {
		e, err := modules.ParseExpr(src, "outputs."+field)
		if err != nil {
			return fail(err)
		}
		spec.Outputs[field] = e
	}
	v, err := modules.DecodeOutput(r.Value, r.Type)
	if err != nil {
		return fail(err)
	}
	fields, err := spec.EvalOutputs(s.Vars, v, s.InternalIP)
	if err != nil {
		return fail(err)
	}
	out := s.outcome(ws, Created)
	out.Fields = fields
	return out
}
