package azure

import "github.com/nodepool-tf/nodepool-tf/modules/option"

// Filter finds an image of the resource group; what is empty matches all. The
// last by name wins.
type Filter struct {
	Name, Location string
	Tags           map[string]string
}

// Options is the table of an image filter.
func (f *Filter) Options() option.Table {
	return option.Table{
		option.Str("name", &f.Name, "").Maps("source_image_id, found by the launcher"),
		option.Str("location", &f.Location, "").Maps("source_image_id, found by the launcher"),
		option.Texts("tags", &f.Tags).Maps("source_image_id, found by the launcher"),
	}
}

// Reference is a marketplace image; Version may be latest.
type Reference struct{ SKU, Publisher, Offer, Version string }

// Options is the table of a marketplace image.
func (r *Reference) Options() option.Table {
	return option.Table{
		option.Str("sku", &r.SKU, "").Need(option.Validated).Maps("source_image_reference.sku"),
		option.Str("publisher", &r.Publisher, "").Need(option.Validated).Maps("source_image_reference.publisher"),
		option.Str("offer", &r.Offer, "").Need(option.Validated).Maps("source_image_reference.offer"),
		option.Str("version", &r.Version, "").Need(option.Validated).Maps("source_image_reference.version"),
	}
}

// GalleryImage is an image of a gallery; an empty Version is the newest.
type GalleryImage struct{ GalleryName, Name, Version string }

// Options is the table of a gallery image.
func (g *GalleryImage) Options() option.Table {
	return option.Table{
		option.Str("gallery-name", &g.GalleryName, "").Need(option.Validated).Maps("part of source_image_id"),
		option.Str("name", &g.Name, "").Need(option.Validated).Maps("part of source_image_id"),
		option.Str("version", &g.Version, "").Maps("part of source_image_id"),
	}
}

// id is an image of a gallery of that kind. Without a version, Azure takes the newest when it makes a machine.
func (g *GalleryImage) id(kind string) string {
	id := "/" + kind + "/" + g.GalleryName + "/images/" + g.Name
	if g.Version != "" {
		id += "/versions/" + g.Version
	}
	return id
}
