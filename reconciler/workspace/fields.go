package workspace

import (
	"errors"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// result is the outcome of a slot whose create run has ended: created when its result resource is complete, else
// failed for the given reason.
func result(ws *workspace, name string, s *Slot, view execute.StateView, err error, reason error) Outcome {
	if err == nil {
		if r, ok := view.Results[name]; ok {
			return evaluate(ws, s, r)
		}
	}
	out := s.outcome(ws, Failed)
	switch {
	case reason != nil:
		out.Err = reason
	case err != nil:
		out.Err = &execute.Error{Class: execute.Unknown, Op: "read the state of workspace " + ws.rec.ID, Err: err}
	default:
		out.Err = &execute.Error{Class: execute.Unknown, Op: "apply workspace " + ws.rec.ID, Err: errors.New("the node's resources did not become complete"), Hint: "look into " + ws.dir}
	}
	return out
}

// evaluate turns a slot's outputs into node fields with the expressions recorded at launch.
func evaluate(ws *workspace, s *Slot, r execute.Result) Outcome {
	fields, err := s.fields(r)
	if err != nil {
		out := s.outcome(ws, Failed)
		out.Err = &execute.Error{Class: execute.Config, Op: "read outputs of label " + s.Label, Err: err}
		return out
	}
	out := s.outcome(ws, Created)
	out.Fields = fields
	return out
}

func (s *Slot) fields(r execute.Result) (modules.Fields, error) {
	spec := &modules.Spec{Outputs: map[string]modules.Expr{}}
	for field, src := range s.Outputs {
		e, err := modules.ParseExpr(src, "outputs."+field)
		if err != nil {
			return modules.Fields{}, err
		}
		spec.Outputs[field] = e
	}
	v, err := modules.DecodeOutput(r.Value, r.Type)
	if err != nil {
		return modules.Fields{}, err
	}
	return spec.EvalOutputs(s.Vars, v, s.InternalIP)
}
