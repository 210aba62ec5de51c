package azure

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// Network is a subnet of a virtual network.
type Network struct {
	// ResourceGroup is empty for the provider's.
	ResourceGroup, Network, Subnet string
}

// Options is the table of a network.
func (n *Network) Options() option.Table {
	return option.Table{
		option.Str("resource-group", &n.ResourceGroup, "").From("provider").Maps("data.azurerm_subnet resource_group_name"),
		option.Str("network", &n.Network, "").Maps("data.azurerm_subnet virtual_network_name"),
		option.Str("subnet", &n.Subnet, "default").Maps("data.azurerm_subnet name"),
	}
}

// Addresses says which addresses a node has. IPv4 and IPv6 are nil where nothing
// is said; Settle decides.
type Addresses struct {
	IPv4, IPv6                                             *bool
	PublicIPv4, PublicIPv6, UseInternalIP, HostKeyChecking bool
}

// options are the same for a provider and its pools.
func (a *Addresses) options(def Addresses, from string) option.Table {
	return option.Table{
		option.Flag("ipv4", &a.IPv4, def.IPv4).From(from).Maps("ip_configuration.private_ip_address_version"),
		option.Flag("ipv6", &a.IPv6, def.IPv6).From(from).Maps("ip_configuration.private_ip_address_version"),
		option.Bool("public-ipv4", &a.PublicIPv4, def.PublicIPv4).From(from).Maps("azurerm_public_ip ip_version"),
		option.Bool("public-ipv6", &a.PublicIPv6, def.PublicIPv6).From(from).Maps("azurerm_public_ip ip_version"),
		driver.InternalIP(&a.UseInternalIP, def.UseInternalIP, from),
		driver.HostKeys(&a.HostKeyChecking, def.HostKeyChecking, from),
	}
}

// settle makes both private families certain: a public address needs one, and
// there is always one (config-reference A4).
func (a *Addresses) settle() {
	v4, v6 := a.PublicIPv4 || isTrue(a.IPv4), a.PublicIPv6 || isTrue(a.IPv6)
	v4 = v4 || !v6
	a.IPv4, a.IPv6 = &v4, &v6
}

func isTrue(b *bool) bool { return b != nil && *b }
