package openstack

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// DiskImage is an image the builder uploads.
type DiskImage struct {
	driver.Image
	// ConfigDrive is nil where the cloud decides.
	ConfigDrive *bool
	// Meta lies over the global image's metadata.
	Meta map[string]string
}

func (p *Provider) newDiskImage() *DiskImage { return &DiskImage{Image: driver.Image{Scope: p.Scope}} }

// Options is the table of a disk image.
func (i *DiskImage) Options() option.Table {
	return option.Join(
		option.Table{
			i.Named(option.Loaded, "openstack_images_image_v2 local_file_path"),
			i.Paused(),
			option.Flag("config-drive", &i.ConfigDrive, nil).Maps("config_drive"),
			option.Texts("meta", &i.Meta).Maps("openstack_images_image_v2 properties"),
		},
		i.Connection(),
	)
}

// Check takes the login over from the global image, all of it, which only this
// driver does (config-reference A3).
func (i *DiskImage) Check(m *schema.Mapping) {
	g := i.Uploaded(m)
	i.Username, i.PythonPath, i.ShellType = g.Username, g.PythonPath, g.ShellType
	i.Settle(m)
}

// CloudImage is an image that is there.
type CloudImage struct {
	driver.Image
	// ImageID is used as it is; ImageName, or else the entry's own name, is a name
	// or an id to look up.
	ImageID, ImageName string
	ConfigDrive        *bool
}

func (p *Provider) newCloudImage() *CloudImage {
	return &CloudImage{Image: driver.Image{Scope: p.Scope}}
}

// Options is the table of a cloud image.
func (i *CloudImage) Options() option.Table {
	return option.Join(
		option.Table{
			i.Named(option.Loaded, "lookup key"),
			option.Str("image-id", &i.ImageID, "").Maps("image_id"),
			option.Str("image-name", &i.ImageName, "").Maps("image_id, looked up by the launcher"),
			option.Flag("config-drive", &i.ConfigDrive, nil).Maps("config_drive"),
			i.User(),
		},
		i.Shell(), i.Connection(),
	)
}

// Check completes the login.
func (i *CloudImage) Check(m *schema.Mapping) {
	option.Exclude(m, "image-id", "image-name")
	if i.ImageID != "" {
		i.ImageName = ""
	}
	i.Settle(m)
}

// Lookup is what the cloud knows the image by, when there is no ImageID.
func (i *CloudImage) Lookup() string {
	if i.ImageName != "" {
		return i.ImageName
	}
	return i.Name
}
