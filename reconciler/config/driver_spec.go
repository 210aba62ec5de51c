package config

import (
	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// specParts is what a provider says for all of its labels.
type specParts struct {
	required map[string]modules.RequiredProvider
	config   map[string]any
	module   modules.Module
	outputs  map[string]modules.Expr
}

func (l *loader) providerSpec(m *schema.Mapping) specParts {
	return specParts{
		required: requiredProviders(m),
		config:   providerConfig(m),
		module:   l.module(m, modules.Module{}),
		outputs:  outputs(m, nil),
	}
}

// labelSpec puts a label's inputs, and its module and outputs if it has its own
// (whole, not key by key), together with what the provider says.
func (l *loader) labelSpec(m *schema.Mapping, p specParts) *modules.Spec {
	spec := &modules.Spec{
		RequiredProviders: p.required,
		ProviderConfig:    p.config,
		Module:            l.module(m, p.module),
		Inputs:            inputs(m),
		Outputs:           outputs(m, p.outputs),
	}
	if spec.Module.Source == "" && !m.Has("module") {
		m.Error("E-REQ", "no module: give one here or in the provider, as module: {source: ...}")
	}
	return spec
}
