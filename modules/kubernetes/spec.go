package kubernetes

import (
	"embed"
	"fmt"
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes/kubeconfig"
)

//go:embed all:node
var folders embed.FS

// What is looked up for a label, by its name in NodeVars.Given; the module's inputs have the same names.
const (
	GivenHost    = "host"
	GivenSkipTLS = "skip_tls"
	GivenCA      = "ca_crt"
	GivenToken   = "token"
)

// Names of what is made (config-reference.md 3.1). A further attempt must not meet what an earlier one is still losing
// (operator-surface.md 7.2).
const (
	node      = `${node.id}${node.attempt > 1 ? "-${node.attempt}" : ""}`
	namespace = "${node.pool}-" + node
	podName   = "${node.label}-" + node
)

// What marks namespaces and pods: the labels that Nodepool has there, and, where any text is allowed, the rest.
const (
	markLabels      = `${ {nodepool_node_id = node.id, nodepool_pool_name = node.pool, nodepool_provider_name = node.provider, nodepool_node_label = node.label} }`
	markAnnotations = `${ {for key, val in node.tags : key => val if !contains(["nodepool_node_id", "nodepool_pool_name", "nodepool_provider_name"], key)} }`
)

// Label returns a label of a pool, nil when there is none.
func (p *Provider) Label(pool, label string) *Label {
	if pool, ok := p.Pools.Get(pool); ok {
		if l, ok := pool.Labels.Get(label); ok {
			return l
		}
	}
	return nil
}

// spec says how nodes of a label are made; it is driver.Driver.Spec.
func (p *Provider) spec(l *Label) (*modules.Spec, error) {
	labels, err := modules.Literal(l.Labels)
	if err != nil {
		return nil, err
	}
	inputs := map[string]modules.Input{
		"namespace": modules.Template(namespace),
		"labels":    modules.Merged(labels, modules.Template("${node.dynamic}"), modules.Template(markLabels)),
		"marks":     modules.Template(markAnnotations),
		"host":      modules.Given(GivenHost),
		"skip_tls":  modules.Given(GivenSkipTLS),
		"ca_crt":    modules.Given(GivenCA),
	}
	switch {
	case p.Flavour == PodOnly:
		inputs["namespace"], inputs["pod"] = modules.Template("${node.pool}"), modules.Template(podName)
		inputs["token"] = modules.Given(GivenToken)
	case l.HasPod():
		inputs["pod"] = modules.Template("${node.label}")
	}
	for name, v := range p.literals(l) {
		in, err := modules.Literal(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		inputs[name] = in
	}
	return &modules.Spec{
		RequiredProviders: map[string]modules.RequiredProvider{"kubernetes": {Source: "hashicorp/kubernetes", Version: ">= 2.23"}},
		ProviderConfig:    map[string]any{"kubernetes": p.config()},
		Inputs:            inputs,
		Dynamic:           l.DynamicLabels,
	}, nil
}

// literals are the inputs that the configuration alone decides; what it does not say is left to the module.
func (p *Provider) literals(l *Label) map[string]any {
	out := map[string]any{}
	if p.Context != "" {
		out["context"] = p.Context
	}
	switch p.Flavour {
	case Project:
		out["cluster_role"] = "admin"
	case PodOnly:
		out["create_namespace"] = false
	}
	if !l.HasPod() {
		return out
	}
	out["container"] = l.Name
	if len(l.Annotations) > 0 {
		out["annotations"] = l.Annotations
	}
	if l.Spec != nil {
		out["spec"] = l.Spec
		return out
	}
	maps.Copy(out, l.Container.literals())
	return out
}

// config is the provider block: where the API is, and who we are there, stays in the kubeconfig, and is read by every run.
func (p *Provider) config() map[string]any {
	out := map[string]any{}
	if p.Context != "" {
		out["config_context"] = p.Context
	}
	if from := kubeconfig.Find(p.Getenv, p.Context); len(from.Paths) == 1 {
		out["config_path"] = from.Paths[0]
	} else if len(from.Paths) > 1 {
		out["config_paths"] = from.Paths
	}
	return out
}
