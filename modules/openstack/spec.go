package openstack

import (
	"embed"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

//go:embed all:node
var folders embed.FS

// What is looked up for a label, by its name in NodeVars.Given.
const (
	GivenFlavor     = "flavor_id"
	GivenNetworks   = "network_ids"
	GivenExternal   = "external_networks"
	GivenFloatingIP = "floating_ip_pool"
	GivenPrivate    = "private"
)

// Spec says how nodes of a label are made; it is driver.Driver.Spec.
func (p *Provider) spec(l *Label) (*modules.Spec, error) {
	inputs := map[string]modules.Input{
		"name":              modules.Template("${node.hostname}"),
		"image_id":          modules.Template("${node.image_id}"),
		"availability_zone": modules.Template("${node.az}"),
		"marks":             modules.Template("${node.tags}"),
		"flavor_id":         modules.Given(GivenFlavor),
		"network_ids":       modules.Given(GivenNetworks),
		"external_networks": modules.Given(GivenExternal),
		"floating_ip_pool":  modules.Given(GivenFloatingIP),
		"private":           modules.Given(GivenPrivate),
	}
	for name, v := range p.literals(l) {
		in, err := modules.Literal(v)
		if err != nil {
			return nil, err
		}
		inputs[name] = in
	}
	metadata, err := l.metadata()
	if err != nil {
		return nil, err
	}
	inputs["metadata"] = metadata
	return &modules.Spec{
		RequiredProviders: map[string]modules.RequiredProvider{"openstack": {Source: "terraform-provider-openstack/openstack", Version: ">= 3.0"}},
		ProviderConfig:    map[string]any{"openstack": p.config()},
		Inputs:            inputs,
		Dynamic:           l.DynamicInstanceProperties,
	}, nil
}

// literals are the inputs that the configuration alone decides; what it does not say is left to the module.
func (p *Provider) literals(l *Label) map[string]any {
	out := map[string]any{"cloud": p.Cloud, "launch_timeout": int64(p.LaunchTimeout.Seconds())}
	if l.KeyName != "" {
		out["key_pair"] = l.KeyName
	}
	if l.Userdata != "" {
		out["user_data"] = l.Userdata
	}
	if len(l.Pool.SecurityGroups) > 0 {
		out["security_groups"] = l.Pool.SecurityGroups
	}
	if drive := l.configDrive(); drive != nil {
		out["config_drive"] = *drive
	}
	if l.BootFromVolume {
		out["boot_from_volume"], out["volume_size"] = true, l.VolumeSize
	}
	return out
}

// config is the provider block. Without a cloud the environment says where it is, as for openstacksdk.
func (p *Provider) config() map[string]any {
	out := map[string]any{}
	if p.Cloud != "" {
		out["cloud"] = p.Cloud
	}
	if p.RegionName != "" {
		out["region"] = p.RegionName
	}
	return out
}

func (l *Label) configDrive() *bool {
	switch {
	case l.DiskImage != nil:
		return l.DiskImage.ConfigDrive
	case l.CloudImage != nil:
		return l.CloudImage.ConfigDrive
	}
	return nil
}

func (l *Label) imageName() string {
	if l.DiskImageName != "" {
		return l.DiskImageName
	}
	return l.CloudImageName
}

// metadata lies in the order of config-reference.md 4.1: groups, the label's properties, the dynamic ones, the marks.
func (l *Label) metadata() (modules.Input, error) {
	own := map[string]any{"groups": strings.Join([]string{l.Provider, l.imageName(), l.Name}, ",")}
	for key, val := range l.InstanceProperties {
		own[key] = val
	}
	in, err := modules.Literal(own)
	return modules.Merged(in, modules.Template("${node.dynamic}"), modules.Template("${node.tags}")), err
}
