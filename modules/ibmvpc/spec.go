package ibmvpc

import (
	"embed"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

//go:embed all:node
var folders embed.FS

// What is looked up for a label, by its name in NodeVars.Given; the module's inputs have the same names.
const (
	GivenVPC           = "vpc_id"
	GivenSubnet        = "subnet_id"
	GivenResourceGroup = "resource_group_id"
	GivenKeys          = "key_ids"
)

// spec says how nodes of a label are made; it is driver.Driver.Spec.
func (p *Provider) spec(l *Label) (*modules.Spec, error) {
	inputs := map[string]modules.Input{
		"name":             modules.Template("${node.hostname}"),
		"image_id":         modules.Template("${node.image_id}"),
		"tags":             modules.Template("${node.tags}"),
		GivenVPC:           modules.Given(GivenVPC),
		GivenSubnet:        modules.Given(GivenSubnet),
		GivenResourceGroup: modules.Given(GivenResourceGroup),
		GivenKeys:          modules.Given(GivenKeys),
	}
	for name, v := range p.literals(l) {
		in, err := modules.Literal(v)
		if err != nil {
			return nil, err
		}
		inputs[name] = in
	}
	return &modules.Spec{
		RequiredProviders: map[string]modules.RequiredProvider{"ibm": {Source: "IBM-Cloud/ibm", Version: ">= 1.49"}},
		ProviderConfig:    map[string]any{"ibm": p.config()},
		Inputs:            inputs,
	}, nil
}

// literals are the inputs that the configuration alone decides; what it does not say is left to the module.
func (p *Provider) literals(l *Label) map[string]any {
	out := map[string]any{
		"region": p.Region, "zone": l.Pool.Network.Zone, "profile": l.Profile, "public_ipv4": l.Pool.Network.PublicIPv4,
		"launch_timeout": int64(p.LaunchTimeout.Seconds()),
	}
	if l.UserData != "" {
		out["user_data"] = l.UserData
	}
	return out
}
