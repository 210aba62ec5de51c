package gce

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Pool is a part of a provider.
type Pool struct {
	driver.Pool
	Provider *Provider
	Labels   option.Set[*Label]
}

func (p *Provider) newPool() *Pool { return &Pool{Pool: driver.Pool{Scope: p.Scope}, Provider: p} }

// Options is the table of a pool.
func (p *Pool) Options() option.Table {
	return option.Join(
		p.Head(option.Always, "metadata nodepool_pool_name"),
		option.Table{
			p.Servers(nil, ""),
			driver.HostKeys(&p.HostKeyChecking, true, ""),
			driver.InternalIP(&p.UseInternalIP, false, ""),
			option.NamedEntries("labels", &p.Labels, "W-DUP-LABEL", "label", p.newLabel).Need(option.Validated).Maps("google_compute_instance"),
		},
	)
}

// Label is how a pool makes a node: one google_compute_instance.
type Label struct {
	driver.Label
	Pool *Pool
	// CloudImage is nil where the reference does not hold.
	CloudImage   *CloudImage
	InstanceType string
	VolumeType   string
	// VolumeSize is in GiB.
	VolumeSize int
}

func (p *Pool) newLabel() *Label { return &Label{Label: driver.Label{Scope: p.Scope}, Pool: p} }

// Options is the table of a label.
func (l *Label) Options() option.Table {
	return option.Table{
		l.Named(driver.Launcher),
		option.Str("cloud-image", &l.CloudImageName, "").Need(option.Validated).Maps("boot_disk.initialize_params.image"),
		option.Str("instance-type", &l.InstanceType, "").Need(option.Always).Maps("machine_type"),
		option.Str("volume-type", &l.VolumeType, "pd-standard").Maps("boot_disk.initialize_params.type"),
		option.Int("volume-size", &l.VolumeSize, 10).Maps("boot_disk.initialize_params.size"),
	}
}

// Check finds the image.
func (l *Label) Check(m *schema.Mapping) {
	l.Defined(m)
	if image, ok := driver.UseCloudImage(&l.Label, m, &l.Pool.Provider.CloudImages); ok {
		l.CloudImage, l.ImageID = image, image.ImageID
	}
	l.HostKeyChecking = l.Pool.HostKeyChecking
}
