package config

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// alternatives reads what a label falls back to, in order, when the cloud has no capacity for it.
func (l *loader) alternatives(m *schema.Mapping, own *modules.Spec) []*modules.Spec {
	var out []*modules.Spec
	for _, f := range m.List("alternatives") {
		if entry, ok := f.Mapping(); ok {
			out = append(out, l.alternative(entry, own))
		}
	}
	return out
}

// alternative lays one entry over the label: inputs key by key, module and outputs whole, as the label's own are laid
// over the provider's. A misspelt key would make it the same offering again, so it is an error in every mode.
func (l *loader) alternative(m *schema.Mapping, own *modules.Spec) *modules.Spec {
	spec := *own
	spec.Module = l.module(m, own.Module)
	spec.Inputs = maps.Clone(own.Inputs)
	maps.Copy(spec.Inputs, inputs(m))
	spec.Outputs = outputs(m, own.Outputs)
	if len(m.Value().Entries) == 0 {
		m.Error("E-REQ", "an alternative needs what is different about it: inputs, module or outputs")
	}
	m.Only()
	return &spec
}
