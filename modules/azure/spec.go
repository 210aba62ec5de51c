package azure

import (
	"embed"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

//go:embed all:node
var folders embed.FS

// What is looked up for a label, by its name in NodeVars.Given; the module's inputs have the same names.
const (
	GivenSubnet       = "subnet_id"
	GivenSubscription = "subscription_id"
)

// machine is a machine's name. Azure keeps an interface for three minutes for a machine that it failed to make, so a
// further attempt must not meet what an earlier one is still losing (operator-surface.md 7.2).
const machine = `${node.hostname}${node.attempt > 1 ? "-${node.attempt}" : ""}`

// spec says how nodes of a label are made; it is driver.Driver.Spec.
func (p *Provider) spec(l *Label) (*modules.Spec, error) {
	tags, err := l.tags()
	if err != nil {
		return nil, err
	}
	inputs := map[string]modules.Input{
		"name":            modules.Template(machine),
		"computer_name":   modules.Template("${node.hostname}"),
		"subscription_id": modules.Given(GivenSubscription),
		"subnet_id":       modules.Given(GivenSubnet),
		"tags":            tags,
	}
	if l.reference() == nil {
		inputs["image_id"] = modules.Template("${node.image_id}")
	}
	for name, v := range p.literals(l) {
		in, err := modules.Literal(v)
		if err != nil {
			return nil, err
		}
		inputs[name] = in
	}
	return &modules.Spec{
		RequiredProviders: map[string]modules.RequiredProvider{"azurerm": {Source: "hashicorp/azurerm", Version: ">= 4.75"}},
		ProviderConfig:    map[string]any{"azurerm": p.config()},
		Inputs:            inputs,
		Dynamic:           l.DynamicTags,
	}, nil
}

// config is the provider block. A machine that Azure began to make is in the state from then on: without that feature
// (4.75), one that fails later, or whose making is cut off, would be nobody's and hold its interface for ever. Nothing is
// registered with the subscription, as Nodepool registers nothing: it takes rights that a service principal for one
// resource group does not have.
func (p *Provider) config() map[string]any {
	out := map[string]any{
		"features":                        map[string]any{"persist_id_on_create_before_polling_for_completion": true},
		"resource_provider_registrations": "none",
		"use_cli":                         false,
	}
	path, err := filepath.Abs(p.AuthPath)
	if err != nil || p.AuthPath == "" {
		return out // the environment says who we are
	}
	for _, field := range authFields {
		out[field.argument] = modules.FileField{Path: path, Field: field.key}
	}
	return out
}

// authFields are the keys of the file at auth-path, and the arguments of Terraform's provider that they become.
var authFields = []struct{ key, argument string }{
	{"clientId", "client_id"}, {"clientSecret", "client_secret"}, {"tenantId", "tenant_id"}, {"subscriptionId", "subscription_id"},
}

// tags lie in the order of config-reference.md A8: the label's, the dynamic ones, the marks.
func (l *Label) tags() (modules.Input, error) {
	own, err := modules.Literal(l.Tags)
	return modules.Merged(own, modules.Template("${node.dynamic}"), modules.Template("${node.tags}")), err
}
