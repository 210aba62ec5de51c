package config

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// What is ours in providers and labels of Nodepool's drivers: the module and what goes into it may be replaced as in the
// terraform driver. Nodepool has none of these options, so what is wrong with them is an error in every mode.

// extension is what a provider lays over the specs that its driver makes.
type extension struct {
	required map[string]modules.RequiredProvider
	config   map[string]any
	overlay
	labels map[*driver.Label]labelExtension
}

type labelExtension struct {
	overlay
	alternatives []overlay
}

// extend reads the provider's part. inputs belong to labels.
func (l *loader) extend(m *schema.Mapping) *extension {
	return &extension{
		required: requiredProviders(m), config: providerConfig(m),
		overlay: overlay{module: l.module(m, modules.Module{}), outputs: outputs(m, nil)},
		labels:  map[*driver.Label]labelExtension{},
	}
}

// label reads a label's part; it is driver.Scope.Extend.
func (e *extension) label(l *loader) func(*driver.Label, *schema.Mapping) {
	return func(label *driver.Label, m *schema.Mapping) {
		e.labels[label] = labelExtension{l.overlay(m), l.alternatives(m)}
	}
}

// over is a label's spec, and its alternatives, with all that the configuration lays over the driver's own.
func (e *extension) over(own *modules.Spec, label *driver.Label) (spec *modules.Spec, alternatives []*modules.Spec) {
	spec = e.overlay.over(own)
	spec.RequiredProviders = maps.Clone(own.RequiredProviders)
	for name, r := range e.required {
		if r.Source == "" {
			r.Source = own.RequiredProviders[name].Source
		}
		if spec.RequiredProviders == nil {
			spec.RequiredProviders = map[string]modules.RequiredProvider{}
		}
		spec.RequiredProviders[name] = r
	}
	spec.ProviderConfig = mergeConfig(own.ProviderConfig, e.config)
	ext := e.labels[label]
	spec = ext.over(spec)
	return spec, allOver(spec, ext.alternatives)
}

// mergeConfig lays provider-config over the driver's, argument by argument; a list of blocks takes its place whole.
func mergeConfig(own, over map[string]any) map[string]any {
	out := maps.Clone(own)
	if out == nil {
		out = map[string]any{}
	}
	for name, block := range over {
		before, mapped := own[name].(map[string]any)
		after, both := block.(map[string]any)
		if !mapped || !both {
			out[name] = block
			continue
		}
		merged := maps.Clone(before)
		maps.Copy(merged, after)
		out[name] = merged
	}
	return out
}
