package aws

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// CloudImage is an AMI that is there: ImageID, or the newest that matches all
// filters.
type CloudImage struct {
	driver.Image
	ImageID      string
	ImageFilters []*Filter
}

// Filter is one filter of DescribeImages.
type Filter struct {
	Name   string
	Values []string
}

func (p *Provider) newCloudImage() *CloudImage {
	return &CloudImage{Image: driver.Image{Scope: p.Scope}}
}

// Options is the table of a cloud image.
func (i *CloudImage) Options() option.Table {
	return option.Join(
		option.Table{
			i.Named(option.Always, "lookup key"),
			option.Str("image-id", &i.ImageID, "").Need(option.OneOfV).Maps("ami"),
			option.Entries("image-filters", &i.ImageFilters, func() *Filter { return &Filter{} }).Need(option.OneOfV).Maps("data.aws_ami filter, most_recent"),
			i.User().Need(option.Always),
		},
		i.Shell(), i.Connection(),
	)
}

// Check completes the login.
func (i *CloudImage) Check(m *schema.Mapping) {
	option.Exclude(m, "image-id", "image-filters")
	option.Demand(m, "image-id", "image-filters")
	if i.ImageID != "" {
		i.ImageFilters = nil
	}
	i.Settle(m)
}

// Options is the table of a filter; capitals are as good (config-reference D36).
func (f *Filter) Options() option.Table {
	return option.Table{
		option.Str("name", &f.Name, "").Also("Name").Maps("data.aws_ami filter.name"),
		option.Strs("values", &f.Values, nil).Also("Values").Maps("data.aws_ami filter.values"),
	}
}

// Check wants both: the API refuses a filter without either.
func (f *Filter) Check(m *schema.Mapping) {
	if f.Name == "" || len(f.Values) == 0 {
		m.StrictError("E-REQ", "a filter needs a name and values")
	}
}

// The ways to make an AMI of an upload.
const (
	snapshot  = "snapshot"
	ebsDirect = "ebs-direct"
	image     = "image"
)

// DiskImage is an image the builder uploads.
type DiskImage struct {
	driver.Image
	Architecture string
	EnaSupport   bool
	Volume       Volume
	// ImdsSupport is v2.0 or empty.
	ImdsSupport, ImportMethod string
	Tags                      map[string]string
}

func (p *Provider) newDiskImage() *DiskImage { return &DiskImage{Image: driver.Image{Scope: p.Scope}} }

// Options is the table of a disk image.
func (i *DiskImage) Options() option.Table {
	return option.Join(
		option.Table{i.Named(option.Always, "aws_ami name"), i.Paused(), i.User()},
		i.Shell(), i.Connection(),
		option.Table{
			option.Str("architecture", &i.Architecture, "x86_64").Maps("aws_ami architecture"),
			option.Bool("ena-support", &i.EnaSupport, true).Maps("aws_ami ena_support"),
		},
		i.Volume.options("gp3", "aws_ami ebs_block_device."),
		option.Table{
			option.Str("imds-support", &i.ImdsSupport, "").Among("v2.0").Nullable().Maps("aws_ami imds_support"),
			option.Str("import-method", &i.ImportMethod, snapshot).Among(snapshot, ebsDirect, image).Maps("aws_ebs_snapshot_import; builder"),
			option.Texts("tags", &i.Tags).Maps("aws_ami tags, aws_ebs_snapshot_import tags"),
		},
	)
}

// Check completes the login.
func (i *DiskImage) Check(m *schema.Mapping) {
	if f, _ := m.Get("imds-support"); i.ImdsSupport != "" && i.ImportMethod == image {
		f.LoadError("E-AWS-IMDS", "IMDSv2 needs import-method snapshot or ebs-direct")
	}
	i.SettleUpload(m)
}

// Volume is a root volume; a zero value leaves it to the AMI.
type Volume struct {
	Type string
	// Size is in GiB, Throughput in MiB/s.
	Size, IOPS, Throughput int
}

func (v *Volume) options(kind, to string) option.Table {
	return option.Table{
		option.Str("volume-type", &v.Type, kind).Maps(to + "volume_type"),
		option.Int("volume-size", &v.Size, 0).Default("").Maps(to + "volume_size"),
		option.Int("iops", &v.IOPS, 0).Default("").Maps(to + "iops"),
		option.Int("throughput", &v.Throughput, 0).Default("").Maps(to + "throughput"),
	}
}
