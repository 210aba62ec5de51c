package ibmvpc

import (
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Provider is a VPC in a region.
type Provider struct {
	driver.Provider
	VPC, Region string
	// CredentialsFile holds environment settings; empty for the environment itself.
	CredentialsFile string
	ImageFormat     string
	// Quota is what the API does not reveal; nil is no limit.
	Quota *Quota
	// Defaults are what pools inherit.
	Defaults Network
	// Rate is API calls per second.
	Rate           float64
	PostUploadHook string
	ObjectStorage  *ObjectStorage

	CloudImages option.Set[*CloudImage]
	DiskImages  option.Set[*DiskImage]
	Pools       option.Set[*Pool]
}

// New returns a provider to be read.
func New(s *driver.Scope) *Provider { return &Provider{Provider: driver.Provider{Scope: s}} }

// Options is the table of config-reference.md 4.5.
func (p *Provider) Options() option.Table {
	return option.Join(
		p.Head("ibmvpc", "ibm_resource_group name"),
		option.Table{
			option.Str("vpc", &p.VPC, "").Need(option.Always).Maps("data.ibm_is_vpc name"),
			option.Str("region", &p.Region, "").Need(option.Always).Maps("provider region"),
			option.Str("credentials-file", &p.CredentialsFile, "").Maps("provider ibmcloud_api_key"),
			option.Str("image-format", &p.ImageFormat, "qcow2").Maps(driver.Builder),
			option.Sub("quota", &p.Quota).Maps(driver.Launcher),
		},
		p.Defaults.options(Network{HostKeyChecking: true}, "", option.Optional),
		option.Table{option.NumText("rate", &p.Rate, 1).Maps(driver.Launcher)},
		p.Launching(2*time.Minute),
		option.Table{
			driver.Hook(&p.PostUploadHook),
			option.Sub("object-storage", &p.ObjectStorage).Maps("ibm_cos_bucket_object"),
			option.NamedEntries("cloud-images", &p.CloudImages, "W-DUP-IMAGE", "image", p.newCloudImage).Maps("data.ibm_is_image"),
			option.NamedEntries("diskimages", &p.DiskImages, "W-DUP-IMAGE", "image", p.newDiskImage).Maps("ibm_is_image"),
			option.NamedEntries("pools", &p.Pools, "W-DUP-POOL", "pool", p.newPool).Need(option.Validated).Maps("ibm_resource_group name"),
		},
	)
}

// Check refuses names that resource groups cannot tell apart.
func (p *Provider) Check(m *schema.Mapping) {
	if strings.Contains(p.Scope.Provider, "_") {
		f, _ := m.Get("name")
		f.LoadError("E-IBM-NAME", "no underscores: resource groups are named np_<provider>_<pool>")
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
