package workspace

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// compose renders a batch into a new workspace: its blocks by file name, and a slot in its record for each. Orders that
// cannot be rendered are told apart.
func compose(rec *Record, batch []*item) (files map[string][]byte, kept []*item, failed []Outcome) {
	files = map[string][]byte{}
	for _, it := range batch {
		name := SlotName(it.Node, it.Attempt)
		it.Vars.Tags = tagged(it.Vars.Tags, rec.ID)
		block, err := render(it, name)
		if err != nil {
			out := it.outcome(Failed)
			out.Err = err
			failed = append(failed, out)
			continue
		}
		files[name+".tf"] = block
		rec.Slots[name] = it.slot()
		kept = append(kept, it)
	}
	return files, kept, failed
}

// tagged adds the workspace to a node's tags: only now is it known. No tags stay no tags, their defaults are another's.
func tagged(tags map[string]string, workspace string) map[string]string {
	if tags == nil {
		return nil
	}
	tags = maps.Clone(tags) // an order that goes out again gets another workspace
	tags[modules.TagWorkspace] = workspace
	return tags
}

// render evaluates an order's inputs and makes its block.
func render(it *item, name string) ([]byte, error) {
	inputs, err := it.Spec.EvalInputs(it.Vars)
	if err != nil {
		return nil, &execute.Error{Class: execute.Config, Op: "evaluate inputs of label " + it.Label, Err: err}
	}
	block, err := templates.RenderSlot(templates.Slot{Name: name, Source: it.base.Source, Version: it.Spec.Module.Version, Inputs: inputs})
	if err != nil {
		return nil, &execute.Error{Class: execute.Config, Op: "render block of label " + it.Label, Err: err}
	}
	return block, nil
}
