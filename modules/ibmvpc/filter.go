package ibmvpc

import "github.com/nodepool-tf/nodepool-tf/modules/option"

// Filter finds the newest image that matches; what is empty matches all.
type Filter struct {
	OperatingSystem *OperatingSystem
	// OwnerType is provider or user.
	OwnerType, Status string
}

// OperatingSystem is compared with an image's record.
type OperatingSystem struct {
	Architecture string
	// DedicatedHostOnly is nil for both.
	DedicatedHostOnly                                *bool
	DisplayName, Family, Href, Name, Vendor, Version string
}

const search = "the launcher's search"

// Options is the table of an image filter.
func (f *Filter) Options() option.Table {
	return option.Table{
		option.Sub("operating-system", &f.OperatingSystem).Maps(search),
		option.Str("owner-type", &f.OwnerType, "").Maps("data.ibm_is_images visibility"),
		option.Str("status", &f.Status, "").Maps("data.ibm_is_images status"),
	}
}

// Options is the table of an operating system.
func (o *OperatingSystem) Options() option.Table {
	return option.Table{
		option.Str("architecture", &o.Architecture, "").Maps(search),
		option.Flag("dedicated-host-only", &o.DedicatedHostOnly, nil).Maps(search),
		option.Str("display-name", &o.DisplayName, "").Maps(search),
		option.Str("family", &o.Family, "").Maps(search),
		option.Str("href", &o.Href, "").Maps(search),
		option.Str("name", &o.Name, "").Maps(search),
		option.Str("vendor", &o.Vendor, "").Maps(search),
		option.Str("version", &o.Version, "").Maps(search),
	}
}
