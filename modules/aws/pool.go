package aws

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Pool is a part of a provider.
type Pool struct {
	driver.Pool
	Provider *Provider
	// AvailabilityZone and SubnetID are empty where AWS decides, SecurityGroupID for
	// the VPC's default group.
	AvailabilityZone, SubnetID, SecurityGroupID string
	Network                                     Network
	Labels                                      option.Set[*Label]

	// publicIPAddress is the old name of public-ipv4.
	publicIPAddress *bool
}

func (p *Provider) newPool() *Pool { return &Pool{Pool: driver.Pool{Scope: p.Scope}, Provider: p} }

// Options is the table of a pool.
func (p *Pool) Options() option.Table {
	up := p.Provider
	return option.Join(
		p.Head(option.Always, "tag nodepool_pool_name"),
		option.Table{p.Servers(up.Limits.MaxServers, "provider")},
		p.Sizes(up.Limits, "provider"),
		option.Table{
			p.Others("code", up.Limits, "provider"),
			option.Str("availability-zone", &p.AvailabilityZone, "").Maps("availability_zone; aws_ec2_host availability_zone"),
			option.Str("subnet-id", &p.SubnetID, "").Maps("subnet_id; aws_ec2_fleet override.subnet_id"),
			option.Str("security-group-id", &p.SecurityGroupID, "").Maps("vpc_security_group_ids"),
			option.Flag("public-ip-address", &p.publicIPAddress, nil).Maps("associate_public_ip_address"),
		},
		p.Network.options(up.Defaults, "provider"),
		option.Table{
			option.NamedEntries("labels", &p.Labels, "W-DUP-LABEL", "label", p.newLabel).Need(option.Validated).Maps("aws_instance"),
		},
	)
}

// Check lets public-ip-address win over public-ipv4 (config-reference D40).
func (p *Pool) Check(m *schema.Mapping) {
	if p.publicIPAddress != nil {
		p.Network.PublicIPv4 = *p.publicIPAddress
	}
	p.UseInternalIP, p.HostKeyChecking = p.Network.UseInternalIP, p.Network.HostKeyChecking
	told := false
	for _, l := range p.Labels.List {
		l.HostKeyChecking = p.HostKeyChecking
		if l.Fleet != nil && !told {
			p.checkFleet(m, l)
			told = true
		}
	}
}

// checkFleet names the options of the pool that fleets do not know.
func (p *Pool) checkFleet(m *schema.Mapping, l *Label) {
	for _, key := range []string{"availability-zone", "public-ip-address", "public-ipv4", "public-ipv6"} {
		if f, ok := m.Get(key); ok {
			f.Warn("W-AWS-FLEET", "label %s has a fleet, which ignores %s", l.Name, key)
		}
	}
	if p.SubnetID == "" || p.SecurityGroupID == "" {
		m.Warn("W-AWS-FLEET", "label %s has a fleet, which needs subnet-id and security-group-id", l.Name)
	}
}
