package azure

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Label is how a pool makes a node: a virtual machine, its interface and its
// public addresses.
type Label struct {
	driver.Label
	Pool *Pool
	// At most one of the images is set; none where the reference does not hold.
	CloudImage      *CloudImage
	DiskImage       *DiskImage
	HardwareProfile *HardwareProfile
	// DynamicTags are Python formats over the request and lie over Tags.
	Tags, DynamicTags map[string]string
	// UserData and CustomData are plain text.
	UserData, CustomData string
	// VolumeSize is the OS disk's in GiB; 0 is the image's.
	VolumeSize int
}

// largestDisk is the most that Azure gives an OS disk, in GiB.
const largestDisk = 4095

// HardwareProfile holds the size of a virtual machine.
type HardwareProfile struct{ VMSize string }

func (p *Pool) newLabel() *Label { return &Label{Label: driver.Label{Scope: p.Scope}, Pool: p} }

// Options is the table of a label.
func (l *Label) Options() option.Table {
	return option.Join(
		option.Table{l.Named(driver.Launcher)},
		l.Images(option.OneOf, "VM image arguments", "source_image_id"),
		option.Table{
			option.Sub("hardware-profile", &l.HardwareProfile).Need(option.Always).Maps("size"),
			option.Texts("tags", &l.Tags).Maps("tags"),
			option.Texts("dynamic-tags", &l.DynamicTags).Maps("tags, rendered by the launcher"),
			option.Str("user-data", &l.UserData, "").Maps("user_data"),
			option.Str("custom-data", &l.CustomData, "").Maps("custom_data"),
			option.Int("volume-size", &l.VolumeSize, 0).Default("").Maps("os_disk.disk_size_gb"),
		},
	)
}

// Options is the table of a hardware profile.
func (h *HardwareProfile) Options() option.Table {
	return option.Table{option.Str("vm-size", &h.VMSize, "").Need(option.Validated).Maps("size")}
}

// Check finds the image.
func (l *Label) Check(m *schema.Mapping) {
	l.Defined(m)
	l.OneImage(m)
	l.CloudImage, _ = driver.UseCloudImage(&l.Label, m, &l.Pool.Provider.CloudImages)
	if disk, ok := driver.UseDiskImage(&l.Label, m, &l.Pool.Provider.DiskImages); ok {
		l.CloudImage, l.DiskImage = nil, disk
	}
	if l.CloudImage != nil {
		l.ImageID = l.CloudImage.ID()
	}
	if f, ok := m.Get("volume-size"); ok && (l.VolumeSize < 0 || l.VolumeSize > largestDisk) {
		f.StrictError("E-RANGE", "an OS disk has 1 to %d GiB", largestDisk)
	}
}
