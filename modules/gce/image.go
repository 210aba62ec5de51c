package gce

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// CloudImage is an image that is there: ImageID, or the newest of a family.
type CloudImage struct {
	driver.Image
	ImageID, ImageProject, ImageFamily string
	// Key is an SSH public key of the user.
	Key string
}

func (p *Provider) newCloudImage() *CloudImage {
	return &CloudImage{Image: driver.Image{Scope: p.Scope}}
}

// Options is the table of a cloud image.
func (i *CloudImage) Options() option.Table {
	return option.Join(
		option.Table{
			i.Named(option.Loaded, "lookup key"),
			option.Str("image-id", &i.ImageID, "").Maps("boot_disk.initialize_params.image"),
			option.Str("image-project", &i.ImageProject, "").Maps("data.google_compute_image project"),
			option.Str("image-family", &i.ImageFamily, "").Maps("data.google_compute_image family"),
			i.User(),
			option.Str("key", &i.Key, "").Maps("metadata ssh-keys"),
		},
		i.Shell(), i.Connection(),
	)
}

// Check warns about what upstream finds out at launch (config-reference D54).
func (i *CloudImage) Check(m *schema.Mapping) {
	if i.ImageID == "" && (i.ImageProject == "" || i.ImageFamily == "") {
		m.Warn("E-ONEOF", "image %s cannot be found: give image-id, or image-project and image-family", i.Name)
	}
	if f, _ := m.Get("key"); i.Key != "" && i.Username == "" {
		f.Warn("E-REQ", "a key without a username lets nobody in")
	}
	i.Settle(m)
}
