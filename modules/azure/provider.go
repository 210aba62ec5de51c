package azure

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Provider is a resource group in a location.
type Provider struct {
	driver.Provider
	Location, ResourceGroup, ResourceGroupLocation string
	// AuthPath is a JSON file with clientId, clientSecret, tenantId, subscriptionId.
	AuthPath string
	// Network is nil when SubnetID is given, which wins.
	Network  *Network
	SubnetID string
	// Defaults are what pools inherit.
	Defaults Addresses
	// Rate is API calls per second.
	Rate           float64
	PostUploadHook string

	CloudImages option.Set[*CloudImage]
	DiskImages  option.Set[*DiskImage]
	Pools       option.Set[*Pool]

	zuulPublicKey string
}

// New returns a provider to be read.
func New(s *driver.Scope) *Provider { return &Provider{Provider: driver.Provider{Scope: s}} }

// Options is the table of config-reference.md 4.3.
func (p *Provider) Options() option.Table {
	return option.Join(
		p.Head("azure", "tag nodepool_provider_name"),
		option.Table{
			option.Str("location", &p.Location, "").Need(option.Always).Maps("location"),
			option.Str("resource-group", &p.ResourceGroup, "").Need(option.Always).Maps("resource_group_name"),
			option.Str("resource-group-location", &p.ResourceGroupLocation, "").Need(option.Always).Maps("azurerm_resource_group location"),
			option.Str("auth-path", &p.AuthPath, "").Maps("provider client_id, client_secret, tenant_id, subscription_id"),
			option.SubOrStr("network", &p.Network, func(name string) *Network { return &Network{Network: name, Subnet: "default"} }).Maps("data.azurerm_subnet virtual_network_name"),
			option.Str("subnet-id", &p.SubnetID, "").Maps("azurerm_network_interface ip_configuration.subnet_id"),
		},
		p.Defaults.options(Addresses{PublicIPv4: true, HostKeyChecking: true}, ""),
		option.Table{option.NumText("rate", &p.Rate, 1).Maps(driver.Launcher)},
		p.Launching(2*time.Minute),
		option.Table{
			driver.Hook(&p.PostUploadHook),
			option.Str("zuul-public-key", &p.zuulPublicKey, "").Maps("admin_ssh_key.public_key"),
			option.NamedEntries("cloud-images", &p.CloudImages, "W-DUP-IMAGE", "image", p.newCloudImage).Maps("VM image arguments"),
			option.NamedEntries("diskimages", &p.DiskImages, "W-DUP-IMAGE", "image", p.newDiskImage).Maps("azurerm_managed_disk, azurerm_image"),
			option.NamedEntries("pools", &p.Pools, "W-DUP-POOL", "pool", p.newPool).Need(option.Validated).Maps(driver.Launcher),
		},
	)
}

// authVariable stands in for auth-path.
const authVariable = "AZURE_AUTH_LOCATION"

// Check looks for credentials and a network.
func (p *Provider) Check(m *schema.Mapping) {
	if p.AuthPath == "" {
		p.AuthPath = p.Getenv(authVariable)
	}
	if f := m.Absent("auth-path"); p.AuthPath == "" && !m.Has("auth-path") {
		f.SchemaError("E-REQ", "auth-path is required, or %s in the environment", authVariable)
	}
	f, given := m.Get("network")
	switch {
	case p.SubnetID != "":
		p.Network = nil
	case !given:
		m.Absent("network").StrictError("E-AZ-NET", "nodes need a network: give network or subnet-id")
	case p.Network != nil && p.Network.Network == "":
		f.StrictError("E-AZ-NET", "network needs the name of the network: network")
	}
}

// Common is what the launcher knows of the provider.
func (p *Provider) Common() driver.Common {
	c := driver.Common{Provider: &p.Provider}
	for _, pool := range p.Pools.List {
		cp := c.Add(&pool.Pool)
		for _, label := range pool.Labels.List {
			cp.Add(&label.Label)
		}
	}
	return c
}
