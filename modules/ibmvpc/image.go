package ibmvpc

import (
	"cmp"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// CloudImage is an image that is there, named in one of four ways.
type CloudImage struct {
	driver.Image
	// Keys are SSH keys by name.
	Keys                          []string
	ImageName, ImageID, ImageHref string
	ImageFilter                   *Filter
}

func (p *Provider) newCloudImage() *CloudImage {
	return &CloudImage{Image: driver.Image{Scope: p.Scope}}
}

// sources are the ways to name an image.
var sources = []string{"image-id", "image-href", "image-name", "image-filter"}

// Options is the table of a cloud image.
func (i *CloudImage) Options() option.Table {
	return option.Join(
		option.Table{
			i.Named(option.Always, "lookup key"),
			i.User().Need(option.Always),
			option.Strs("keys", &i.Keys, nil).Maps("data.ibm_is_ssh_key name"),
			option.Str("image-name", &i.ImageName, "").Need(option.OneOfV).Maps("data.ibm_is_image name"),
			option.Str("image-id", &i.ImageID, "").Need(option.OneOfV).Maps("image"),
			option.Str("image-href", &i.ImageHref, "").Need(option.OneOfV).Maps("image, its last segment"),
			option.Sub("image-filter", &i.ImageFilter).Need(option.OneOfV).Maps("image, found by the launcher"),
		},
		i.Connection(), i.Shell(),
	)
}

// Check leaves one source.
func (i *CloudImage) Check(m *schema.Mapping) {
	option.Demand(m, sources...)
	used := option.Exclude(m, sources...)
	for source, text := range map[string]*string{"image-id": &i.ImageID, "image-href": &i.ImageHref, "image-name": &i.ImageName} {
		if source != used {
			*text = ""
		}
	}
	if used != "image-filter" {
		i.ImageFilter = nil
	}
	i.Settle(m)
}

// ID is the image's where the configuration says it: an image's URL ends with its id.
func (i *CloudImage) ID() string {
	return cmp.Or(i.ImageID, i.ImageHref[strings.LastIndex(i.ImageHref, "/")+1:])
}

// DiskImage is an image the builder uploads.
type DiskImage struct {
	driver.Image
	// OperatingSystem names a predefined record.
	OperatingSystem string

	key string
}

func (p *Provider) newDiskImage() *DiskImage { return &DiskImage{Image: driver.Image{Scope: p.Scope}} }

// Options is the table of a disk image.
func (i *DiskImage) Options() option.Table {
	return option.Join(
		option.Table{
			i.Named(option.Always, "ibm_is_image name"),
			option.Str("operating-system", &i.OperatingSystem, "").Need(option.Always).Maps("ibm_is_image operating_system"),
			i.Paused(),
			option.Str("key", &i.key, "").Inert("uploaded images get no SSH keys; put one into the image").Maps(driver.None),
		},
		i.Connection(), i.Shell(),
	)
}

// Check completes the login.
func (i *DiskImage) Check(m *schema.Mapping) { i.SettleUpload(m) }
