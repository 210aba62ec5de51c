package openstack

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// Provider is a cloud of clouds.yaml.
type Provider struct {
	driver.Provider
	// Cloud is its name in clouds.yaml; RegionName is empty where that says it.
	Cloud, RegionName string
	// Rate is the number of seconds between API calls; 0 is no limit.
	Rate float64
	// ImageNameFormat is a Python format over image_name, upload_id, timestamp.
	ImageNameFormat    string
	ImageUploadTimeout time.Duration
	PostUploadHook     string
	// CleanFloatingIPs removes every unattached floating IP of the project.
	CleanFloatingIPs bool
	// PortCleanupInterval is how long a port must be down to be removed; 0 is never.
	PortCleanupInterval time.Duration

	DiskImages  option.Set[*DiskImage]
	CloudImages option.Set[*CloudImage]
	Pools       option.Set[*Pool]

	nodepoolID string
}

// New returns a provider to be read.
func New(s *driver.Scope) *Provider { return &Provider{Provider: driver.Provider{Scope: s}} }

// Options is the table of config-reference.md 4.1.
func (p *Provider) Options() option.Table {
	return option.Join(
		p.Head("openstack", "metadata nodepool_provider_name"),
		option.Table{
			option.Str("cloud", &p.Cloud, "").Need(option.Validated).Maps("provider cloud"),
			option.Str("region-name", &p.RegionName, "").Maps("provider region"),
		},
		p.Launching(time.Minute),
		option.Table{
			option.Str("nodepool-id", &p.nodepoolID, "").Inert("no launcher looks at it any more").Maps(driver.None),
			option.NumText("rate", &p.Rate, 1).Maps(driver.Launcher),
			option.Str("image-name-format", &p.ImageNameFormat, "{image_name}-{timestamp}").Maps("openstack_images_image_v2 name"),
			option.Seconds("image-upload-timeout", &p.ImageUploadTimeout, time.Hour).Maps("openstack_images_image_v2 timeouts.create"),
			driver.Hook(&p.PostUploadHook),
			option.Bool("clean-floating-ips", &p.CleanFloatingIPs, false).Maps(driver.Launcher),
			option.Period("port-cleanup-interval", &p.PortCleanupInterval, 10*time.Minute).Maps(driver.Launcher),
			option.NamedEntries("diskimages", &p.DiskImages, "W-DUP-IMAGE", "image", p.newDiskImage).Maps("openstack_images_image_v2"),
			option.NamedEntries("cloud-images", &p.CloudImages, "W-DUP-IMAGE", "image", p.newCloudImage).Maps("data.openstack_images_image_v2"),
			option.NamedEntries("pools", &p.Pools, "W-DUP-POOL", "pool", p.newPool).Maps(driver.Launcher),
		},
	)
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
