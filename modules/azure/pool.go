package azure

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Pool is a part of a provider.
type Pool struct {
	driver.Pool
	Provider *Provider
	// Addresses have IPv4 and IPv6 decided.
	Addresses Addresses
	Labels    option.Set[*Label]
}

func (p *Provider) newPool() *Pool { return &Pool{Pool: driver.Pool{Scope: p.Scope}, Provider: p} }

// Options is the table of a pool.
func (p *Pool) Options() option.Table {
	return option.Join(
		p.Head(option.Always, "tag nodepool_pool_name"),
		option.Table{p.Servers(nil, "")},
		p.Addresses.options(p.Provider.Defaults, "provider"),
		option.Table{
			option.NamedEntries("labels", &p.Labels, "W-DUP-LABEL", "label", p.newLabel).Need(option.Validated).
				Maps("azurerm_linux_virtual_machine, azurerm_windows_virtual_machine"),
		},
	)
}

// Check decides the addresses.
func (p *Pool) Check(m *schema.Mapping) {
	p.WantServers(m, "E-AZ-MAX")
	p.Addresses.settle()
	if f, _ := m.Get("ipv6"); !isTrue(p.Addresses.IPv4) {
		f.StrictError("E-AZ-IPV4", "Azure wants an IPv4 address beside an IPv6 one, and the nodes get both: set ipv4: true")
	}
	p.UseInternalIP, p.HostKeyChecking = p.Addresses.UseInternalIP, p.Addresses.HostKeyChecking
	for _, l := range p.Labels.List {
		l.HostKeyChecking = p.HostKeyChecking
	}
}
