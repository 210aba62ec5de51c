package aws

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Provider is a region of an account.
type Provider struct {
	driver.Provider
	// ProfileName names credentials; empty for the SDK's default.
	RegionName, ProfileName string
	// Rate is mutating API calls per second.
	Rate float64
	// Defaults are what pools inherit.
	Defaults       Network
	Limits         driver.Limits
	PostUploadHook string
	ObjectStorage  *ObjectStorage
	ImageFormat    string
	// ImageImportTimeout is 0 where the first error is final.
	ImageImportTimeout time.Duration

	CloudImages option.Set[*CloudImage]
	DiskImages  option.Set[*DiskImage]
	Pools       option.Set[*Pool]
}

// Network says how nodes are reached.
type Network struct {
	PublicIPv4, PublicIPv6, UseInternalIP, HostKeyChecking bool
}

// ObjectStorage is where images are staged for import.
type ObjectStorage struct{ BucketName string }

// New returns a provider to be read.
func New(s *driver.Scope) *Provider { return &Provider{Provider: driver.Provider{Scope: s}} }

// Options is the table of config-reference.md 4.2.
func (p *Provider) Options() option.Table {
	return option.Join(
		p.Head("aws", "tag nodepool_provider_name"),
		option.Table{
			option.Str("region-name", &p.RegionName, "").Need(option.Validated).Maps("provider region"),
			option.Str("profile-name", &p.ProfileName, "").Maps("provider profile"),
			option.Num("rate", &p.Rate, 2).Maps(driver.Launcher),
		},
		p.Launching(3*time.Minute),
		option.Table{p.Limits.Servers(nil, "")},
		p.Limits.Sizes(driver.Limits{}, ""),
		option.Table{p.Limits.Others("code", driver.Limits{}, "")},
		p.Defaults.options(Network{PublicIPv4: true, HostKeyChecking: true}, ""),
		option.Table{
			driver.Hook(&p.PostUploadHook),
			option.Sub("object-storage", &p.ObjectStorage).Maps("aws_s3_object"),
			option.Str("image-format", &p.ImageFormat, "raw").Among("ova", "vhd", "vhdx", "vmdk", "raw").Maps("aws_ebs_snapshot_import disk_container.format"),
			option.Period("image-import-timeout", &p.ImageImportTimeout, 0).Default("").Maps("aws_ebs_snapshot_import timeouts.create"),
			option.NamedEntries("cloud-images", &p.CloudImages, "W-DUP-IMAGE", "image", p.newCloudImage).Maps("data.aws_ami"),
			option.NamedEntries("diskimages", &p.DiskImages, "W-DUP-IMAGE", "image", p.newDiskImage).Maps("aws_ami"),
			option.NamedEntries("pools", &p.Pools, "W-DUP-POOL", "pool", p.newPool).Need(option.Validated).Maps(driver.Launcher),
		},
	)
}

// options are the same for a provider and its pools.
func (n *Network) options(def Network, from string) option.Table {
	return option.Table{
		option.Bool("public-ipv4", &n.PublicIPv4, def.PublicIPv4).From(from).Maps("associate_public_ip_address"),
		option.Bool("public-ipv6", &n.PublicIPv6, def.PublicIPv6).From(from).Maps("ipv6_address_count"),
		driver.InternalIP(&n.UseInternalIP, def.UseInternalIP, from),
		driver.HostKeys(&n.HostKeyChecking, def.HostKeyChecking, from),
	}
}

// Options is the table of object-storage.
func (o *ObjectStorage) Options() option.Table {
	return option.Table{
		option.Str("bucket-name", &o.BucketName, "").Need(option.Validated).Maps("aws_s3_object bucket"),
	}
}

// Check looks for the bucket that imports need.
func (p *Provider) Check(m *schema.Mapping) {
	for _, i := range p.DiskImages.List {
		if i.ImportMethod != ebsDirect && p.ObjectStorage == nil {
			m.Absent("object-storage").StrictError("E-AWS-BUCKET", "image %s is imported through a bucket: name one in object-storage, or use import-method ebs-direct", i.Name)
		}
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
