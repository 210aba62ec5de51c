package azure

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// CloudImage is an image that is there, named in one of five ways.
type CloudImage struct {
	driver.Image
	Access
	ImageID               string
	ImageFilter           *Filter
	ImageReference        *Reference
	SharedGalleryImage    *GalleryImage
	CommunityGalleryImage *GalleryImage
}

func (p *Provider) newCloudImage() *CloudImage {
	i := &CloudImage{Image: driver.Image{Scope: p.Scope}}
	i.Key = p.zuulPublicKey
	return i
}

// sources are the ways to name an image, in the order in which upstream looks.
var sources = []string{"image-filter", "image-reference", "community-gallery-image", "shared-gallery-image", "image-id"}

// Options is the table of a cloud image.
func (i *CloudImage) Options() option.Table {
	return option.Join(
		option.Table{
			i.Named(option.Always, "lookup key"),
			i.User().Need(option.Always).Maps("admin_username, admin_ssh_key.username"),
		},
		i.options(i.Key, "provider"),
		i.Connection(), i.Shell(),
		option.Table{
			option.Sub("image-filter", &i.ImageFilter).Need(option.OneOfV).Maps("source_image_id, found by the launcher"),
			option.Str("image-id", &i.ImageID, "").Need(option.OneOfV).Maps("source_image_id"),
			option.Sub("image-reference", &i.ImageReference).Need(option.OneOfV).Maps("source_image_reference"),
			option.Sub("shared-gallery-image", &i.SharedGalleryImage).Need(option.OneOfV).Maps("source_image_id"),
			option.Sub("community-gallery-image", &i.CommunityGalleryImage).Need(option.OneOfV).Maps("source_image_id"),
		},
	)
}

// Check leaves one source.
func (i *CloudImage) Check(m *schema.Mapping) {
	option.Demand(m, sources...)
	used := option.Exclude(m, sources...)
	drop := func(source string, forget func()) {
		if source != used {
			forget()
		}
	}
	drop("image-filter", func() { i.ImageFilter = nil })
	drop("image-reference", func() { i.ImageReference = nil })
	drop("community-gallery-image", func() { i.CommunityGalleryImage = nil })
	drop("shared-gallery-image", func() { i.SharedGalleryImage = nil })
	drop("image-id", func() { i.ImageID = "" })
	i.Settle(m)
	i.check(m, i.Windows())
}

// ID is the image's, as Terraform's provider writes it; "" where it is looked up, or has none.
func (i *CloudImage) ID() string {
	switch {
	case i.CommunityGalleryImage != nil:
		return i.CommunityGalleryImage.id("communityGalleries")
	case i.SharedGalleryImage != nil:
		return i.SharedGalleryImage.id("sharedGalleries")
	}
	return i.ImageID
}

// DiskImage is an image the builder uploads.
type DiskImage struct {
	driver.Image
	Access
	Tags map[string]string
}

func (p *Provider) newDiskImage() *DiskImage { return &DiskImage{Image: driver.Image{Scope: p.Scope}} }

// Options is the table of a disk image.
func (i *DiskImage) Options() option.Table {
	return option.Join(
		option.Table{i.Named(option.Always, "azurerm_image name"), i.Paused(), i.User().From("global image").Maps("admin_username")},
		i.options("", ""),
		i.Connection(), i.Shell(),
		option.Table{option.Texts("tags", &i.Tags).Maps("azurerm_image tags, azurerm_managed_disk tags")},
	)
}

// Check completes the login.
func (i *DiskImage) Check(m *schema.Mapping) {
	i.SettleUpload(m)
	i.check(m, i.Windows())
}
