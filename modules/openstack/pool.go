package openstack

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// Pool is a part of a provider.
type Pool struct {
	driver.Pool
	Provider *Provider
	// AvailabilityZones are empty for all that the cloud has: one is picked per
	// request.
	AvailabilityZones []string
	// Networks, by name or id, are empty where the cloud decides.
	Networks []string
	// SecurityGroups, by name or id, are empty for the project's default.
	SecurityGroups []string
	AutoFloatingIP bool
	Labels         option.Set[*Label]
}

func (p *Provider) newPool() *Pool { return &Pool{Pool: driver.Pool{Scope: p.Scope}, Provider: p} }

// Options is the table of a pool.
func (p *Pool) Options() option.Table {
	return option.Join(
		p.Head(option.Loaded, "metadata nodepool_pool_name"),
		option.Table{p.Servers(nil, "")},
		p.Sizes(driver.Limits{}, ""),
		option.Table{
			option.Count("max-volumes", &p.MaxVolumes, nil).Maps(driver.Launcher),
			option.Count("max-volume-gb", &p.MaxVolumeGB, nil).Maps(driver.Launcher),
			option.Bool("ignore-provider-quota", &p.IgnoreProviderQuota, false).Maps(driver.Launcher),
			option.Strs("availability-zones", &p.AvailabilityZones, nil).Maps("availability_zone, picked by the launcher"),
			option.Strs("networks", &p.Networks, nil).Maps("network"),
			option.Strs("security-groups", &p.SecurityGroups, nil).Maps("security_groups"),
			option.Bool("auto-floating-ip", &p.AutoFloatingIP, true).Maps("openstack_networking_floatingip_v2, _associate_v2"),
			driver.HostKeys(&p.HostKeyChecking, true, ""),
			option.NamedEntries("labels", &p.Labels, "W-DUP-LABEL", "label", p.newLabel).Maps("openstack_compute_instance_v2"),
		},
	)
}
