package azure

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Access is how a VM of an image is first logged into.
type Access struct {
	// Password is the administrator's; it wins over GeneratePassword. A secret.
	Password         string
	GeneratePassword bool
	// Key is an SSH public key.
	Key string
}

func (a *Access) options(key, from string) option.Table {
	return option.Table{
		option.Str("key", &a.Key, key).From(from).Maps("admin_ssh_key.public_key"),
		option.Str("password", &a.Password, "").Maps("admin_password"),
		option.Bool("generate-password", &a.GeneratePassword, false).Maps("admin_password, made by the launcher"),
	}
}

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
		i.Access.options(i.Key, "provider"),
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
		i.Access.options("", ""),
		i.Connection(), i.Shell(),
		option.Table{option.Texts("tags", &i.Tags).Maps("azurerm_image tags, azurerm_managed_disk tags")},
	)
}

// Check completes the login.
func (i *DiskImage) Check(m *schema.Mapping) { i.SettleUpload(m) }
