package openstack

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Label is how a pool makes a node: one openstack_compute_instance_v2.
type Label struct {
	driver.Label
	Pool *Pool
	// At most one of the images is set; none where the reference does not hold.
	CloudImage *CloudImage
	DiskImage  *DiskImage
	// FlavorName alone is a name or id. With MinRAM (MiB; 0 is none) it is a part of
	// the name of the smallest flavor that has so much.
	MinRAM     int
	FlavorName string
	KeyName    string
	// VolumeSize is in GiB and counts with BootFromVolume only.
	BootFromVolume bool
	VolumeSize     int
	// InstanceProperties become metadata; the dynamic ones are Python formats over
	// the request and lie over them.
	InstanceProperties, DynamicInstanceProperties map[string]string
	Userdata                                      string
	Networks                                      []string
}

func (p *Pool) newLabel() *Label { return &Label{Label: driver.Label{Scope: p.Scope}, Pool: p} }

// Options is the table of a label.
func (l *Label) Options() option.Table {
	return option.Join(
		option.Table{l.Named("metadata groups")},
		l.Images(option.OneOfV, "image_id", "image_id of the newest upload"),
		option.Table{
			option.Int("min-ram", &l.MinRAM, 0).Need(option.OneOfV).Maps("flavor_id, chosen by the launcher"),
			option.Str("flavor-name", &l.FlavorName, "").Need(option.OneOfV).Maps("flavor_id, chosen by the launcher"),
			option.Str("key-name", &l.KeyName, "").Maps("key_pair"),
			option.Bool("console-log", &l.ConsoleLog, false).Maps(driver.Launcher),
			option.Bool("boot-from-volume", &l.BootFromVolume, false).Maps("block_device"),
			option.Int("volume-size", &l.VolumeSize, 50).Maps("block_device.volume_size"),
			option.Texts("instance-properties", &l.InstanceProperties).Maps("metadata"),
			option.Texts("dynamic-instance-properties", &l.DynamicInstanceProperties).Maps("metadata, rendered by the launcher"),
			option.Str("userdata", &l.Userdata, "").Maps("user_data"),
			option.Strs("networks", &l.Networks, l.Pool.Networks).From("pool").Maps("network"),
			driver.HostKeys(&l.HostKeyChecking, l.Pool.HostKeyChecking, "pool"),
		},
	)
}

// Check finds the image and counts what a node takes.
func (l *Label) Check(m *schema.Mapping) {
	l.Defined(m)
	option.Exclude(m, "diskimage", "cloud-image")
	option.Demand(m, "diskimage", "cloud-image")
	option.Demand(m, "min-ram", "flavor-name")
	if image, ok := driver.UseCloudImage(&l.Label, m, &l.Pool.Provider.CloudImages); ok {
		l.CloudImage, l.ImageID = image, image.ImageID
	}
	if disk, ok := driver.UseDiskImage(&l.Label, m, &l.Pool.Provider.DiskImages); ok {
		l.CloudImage, l.DiskImage, l.ImageID = nil, disk, ""
	}
	if l.BootFromVolume {
		l.Resources["volumes"], l.Resources["volume-gb"] = 1, float64(max(0, l.VolumeSize))
	}
}
