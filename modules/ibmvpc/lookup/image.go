package lookup

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
)

// image is one that is there.
type image struct {
	named
	Status     string
	Created    time.Time `json:"created_at"`
	OwnerType  string    `json:"owner_type"`
	Visibility string
	OS         operatingSystem `json:"operating_system"`
}

type operatingSystem struct {
	Architecture, Family, Href, Name, Vendor, Version string

	DisplayName       string `json:"display_name"`
	DedicatedHostOnly bool   `json:"dedicated_host_only"`
}

// images lists those that labels may mean: by name where all of them say one, else all of the region.
func (c *Cloud) images(ctx context.Context, s *session) (out []image, err error) {
	var names []string
	for _, i := range c.cloudImages() {
		switch {
		case i.ImageFilter != nil:
			return all[image](ctx, s, "/images", "images", nil)
		case i.ID() == "":
			names = append(names, i.ImageName)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		some, err := all[image](ctx, s, "/images", "images", url.Values{"name": {name}})
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// newest is the id of the image that was made last among those that are meant and can boot, "" when there is none; of
// several, the one whose id sorts first.
func newest(all []image, want *ibmvpc.CloudImage) string {
	fit := slices.DeleteFunc(slices.Clone(all), func(i image) bool { return !i.meant(want) })
	if len(fit) == 0 {
		return ""
	}
	return slices.MinFunc(fit, func(a, b image) int { return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID)) }).ID
}

func (i image) meant(want *ibmvpc.CloudImage) bool {
	f := want.ImageFilter
	if f == nil {
		return i.Name == want.ImageName && i.boots()
	}
	return (f.Status == i.Status || f.Status == "" && i.boots()) &&
		(f.OwnerType == "" || f.OwnerType == i.owner()) &&
		(f.OperatingSystem == nil || i.OS.is(f.OperatingSystem))
}

// boots tells whether instances can be made of the image.
func (i image) boots() bool { return i.Status == "available" || i.Status == "deprecated" }

// owner is whose image it is. Newer versions of the API say only who sees it: all see what the provider owns.
func (i image) owner() string {
	switch {
	case i.OwnerType != "":
		return i.OwnerType
	case i.Visibility == "public":
		return "provider"
	}
	return "user"
}

func (o operatingSystem) is(want *ibmvpc.OperatingSystem) bool {
	for _, pair := range [][2]string{
		{want.Architecture, o.Architecture}, {want.DisplayName, o.DisplayName}, {want.Family, o.Family}, {want.Href, o.Href},
		{want.Name, o.Name}, {want.Vendor, o.Vendor}, {want.Version, o.Version},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return want.DedicatedHostOnly == nil || *want.DedicatedHostOnly == o.DedicatedHostOnly
}
