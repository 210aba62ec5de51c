package gce

import (
	"embed"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

//go:embed all:node
var folders embed.FS

// name is Nodepool's. A further attempt has one of its own: an instance whose launch was broken off is in no state, and
// its name is taken until it is gone.
const name = `${node.hostname}${node.attempt > 1 ? "-${node.attempt}" : ""}`

// spec says how nodes of a label are made; it is driver.Driver.Spec.
func (p *Provider) spec(l *Label) (*modules.Spec, error) {
	metadata, err := l.metadata()
	if err != nil {
		return nil, err
	}
	inputs := map[string]modules.Input{
		"name":     modules.Template(name),
		"image_id": modules.Template("${node.image_id}"),
		"metadata": metadata,
	}
	for name, v := range p.literals(l) {
		in, err := modules.Literal(v)
		if err != nil {
			return nil, err
		}
		inputs[name] = in
	}
	return &modules.Spec{
		RequiredProviders: map[string]modules.RequiredProvider{"google": {Source: "hashicorp/google", Version: ">= 5.0"}},
		ProviderConfig:    map[string]any{"google": p.config()},
		Inputs:            inputs,
	}, nil
}

// config is the provider block. Credentials are those that Google's libraries find by default.
func (p *Provider) config() map[string]any {
	out := map[string]any{}
	for name, v := range map[string]string{"project": p.Project, "region": p.Region, "zone": p.Zone} {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// literals are the inputs that the configuration alone decides; what it does not say is left to the module.
func (p *Provider) literals(l *Label) map[string]any {
	out := map[string]any{
		"machine_type": l.InstanceType, "disk_type": l.VolumeType, "disk_size": l.VolumeSize,
		"launch_timeout": int64(p.LaunchTimeout.Seconds()),
	}
	if p.Zone != "" {
		out["zone"] = p.Zone
	}
	return out
}

// metadata is the key of the image's user, and the marks over it.
func (l *Label) metadata() (modules.Input, error) {
	own := map[string]any{}
	if i := l.CloudImage; i != nil && i.Key != "" {
		own["ssh-keys"] = i.Username + ":" + i.Key
	}
	in, err := modules.Literal(own)
	return modules.Merged(in, modules.Template("${node.tags}")), err
}
