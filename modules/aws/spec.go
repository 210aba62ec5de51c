package aws

import (
	"embed"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

//go:embed all:node
var folders embed.FS

// What is looked up for a label, by its name in NodeVars.Given.
const (
	// GivenRootDevice is the name of the AMI's root device.
	GivenRootDevice = "root_device"
	// GivenSizes is what a node of each of a fleet's types counts for in quotas.
	GivenSizes = "sizes"
	// GivenZone is the zone of the pool's subnet.
	GivenZone = "zone"
)

// maxRetries is for calls that EC2 refuses for the moment. The provider's own 25 try an exhausted capacity for most of an
// hour (field-notes.md, 4); the launcher has other ways to go on.
const maxRetries = 5

// spec says how nodes of a label are made; it is driver.Driver.Spec.
func (p *Provider) spec(l *Label) (*modules.Spec, error) {
	tags, err := l.tags()
	if err != nil {
		return nil, err
	}
	inputs := map[string]modules.Input{
		"name":     modules.Template("${node.hostname}"),
		"image_id": modules.Template("${node.image_id}"),
		"tags":     tags,
	}
	if l.Fleet != nil {
		inputs["root_device"] = modules.Given(GivenRootDevice)
		inputs["sizes"] = modules.Given(GivenSizes)
		inputs["availability_zone"] = modules.Given(GivenZone)
	}
	for name, v := range p.literals(l) {
		in, err := modules.Literal(v)
		if err != nil {
			return nil, err
		}
		inputs[name] = in
	}
	return &modules.Spec{
		RequiredProviders: map[string]modules.RequiredProvider{"aws": {Source: "hashicorp/aws", Version: ">= 4.57"}},
		ProviderConfig:    map[string]any{"aws": p.config()},
		Inputs:            inputs,
		Dynamic:           l.DynamicTags,
	}, nil
}

// config is the provider block. What it leaves out is found by the usual chain of AWS's SDKs.
func (p *Provider) config() map[string]any {
	out := map[string]any{"max_retries": int64(maxRetries)}
	if p.RegionName != "" {
		out["region"] = p.RegionName
	}
	if p.ProfileName != "" {
		out["profile"] = p.ProfileName
	}
	return out
}

// tags lie in the order of config-reference.md 4.2: the label's, the dynamic ones, the marks. The module sets Name.
func (l *Label) tags() (modules.Input, error) {
	own, err := modules.Literal(l.Tags)
	return modules.Merged(own, modules.Template("${node.dynamic}"), modules.Template("${node.tags}")), err
}
