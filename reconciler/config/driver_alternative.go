package config

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// overlay is what lies over a spec: inputs key by key, module and outputs whole.
type overlay struct {
	module  modules.Module // Source is "" for none
	inputs  map[string]modules.Input
	outputs map[string]modules.Expr // nil for none
}

func (l *loader) overlay(m *schema.Mapping) overlay {
	return overlay{l.module(m, modules.Module{}), inputs(m), outputs(m, nil)}
}

// over returns another spec; own stays as it is.
func (o overlay) over(own *modules.Spec) *modules.Spec {
	spec := *own
	if o.module.Source != "" {
		spec.Module = o.module
	}
	spec.Inputs = maps.Clone(own.Inputs)
	if spec.Inputs == nil {
		spec.Inputs = map[string]modules.Input{}
	}
	maps.Copy(spec.Inputs, o.inputs)
	if o.outputs != nil {
		spec.Outputs = o.outputs
	}
	return &spec
}

// alternatives reads what a label falls back to, in order, when the cloud has no capacity for it. A misspelt key would
// make one the same offering again, so it is an error in every mode.
func (l *loader) alternatives(m *schema.Mapping) []overlay {
	var out []overlay
	for _, f := range m.List("alternatives") {
		entry, ok := f.Mapping()
		if !ok {
			continue
		}
		out = append(out, l.overlay(entry))
		if len(entry.Value().Entries) == 0 {
			entry.Error("E-REQ", "an alternative needs what is different about it: inputs, module or outputs")
		}
		entry.Only()
	}
	return out
}

// allOver lays each overlay over the same spec.
func allOver(own *modules.Spec, overlays []overlay) []*modules.Spec {
	var out []*modules.Spec
	for _, o := range overlays {
		out = append(out, o.over(own))
	}
	return out
}
