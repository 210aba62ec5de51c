package aws

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Label is how a pool makes a node: one aws_instance, by InstanceType or Fleet.
type Label struct {
	driver.Label
	Pool *Pool
	// At most one of the images is set; none where the reference does not hold.
	CloudImage   *CloudImage
	DiskImage    *DiskImage
	InstanceType string
	Fleet        *Fleet
	// DedicatedHost allocates a host for the node alone.
	DedicatedHost, EBSOptimized, UseSpot bool
	IAMInstanceProfile                   *Profile
	// IMDSv2 is optional, required or, for the AMI's default, empty.
	IMDSv2, KeyName string
	// Volume is the root volume.
	Volume   Volume
	Userdata string
	// DynamicTags are Python formats over the request and lie over Tags.
	Tags, DynamicTags map[string]string
}

// Fleet lets EC2 choose the instance type.
type Fleet struct {
	InstanceTypes      []string
	AllocationStrategy string
}

// spotOnly are the strategies that on-demand instances do not have.
var spotOnly = []string{"price-capacity-optimized", "capacity-optimized", "diversified"}

// Profile is an instance profile, by name or by ARN.
type Profile struct{ Name, ARN string }

func (p *Pool) newLabel() *Label { return &Label{Label: driver.Label{Scope: p.Scope}, Pool: p} }

// Options is the table of a label.
func (l *Label) Options() option.Table {
	return option.Join(
		option.Table{l.Named(driver.Launcher)},
		l.Images(option.OneOf, "ami", "ami"),
		option.Table{
			option.Str("instance-type", &l.InstanceType, "").Need(option.OneOf).Maps("instance_type; aws_ec2_host instance_type"),
			option.Sub("fleet", &l.Fleet).Need(option.OneOf).Maps("aws_launch_template, aws_ec2_fleet"),
			option.Bool("dedicated-host", &l.DedicatedHost, false).Maps("aws_ec2_host; host_id, tenancy"),
			option.Bool("ebs-optimized", &l.EBSOptimized, false).Maps("ebs_optimized"),
			option.Sub("iam-instance-profile", &l.IAMInstanceProfile).Maps("iam_instance_profile"),
			option.Str("imdsv2", &l.IMDSv2, "").Among("optional", "required").Nullable().Maps("metadata_options.http_tokens"),
			option.Str("key-name", &l.KeyName, "").Need(option.Validated).Maps("key_name"),
		},
		l.Volume.options("", "root_block_device."),
		option.Table{
			option.Str("userdata", &l.Userdata, "").Maps("user_data"),
			option.Texts("tags", &l.Tags).Maps("tags, volume_tags"),
			option.Texts("dynamic-tags", &l.DynamicTags).Maps("tags, rendered by the launcher"),
			option.Bool("use-spot", &l.UseSpot, false).Maps("instance_market_options; aws_ec2_fleet default_target_capacity_type"),
		},
	)
}

// Extend reads console-log too, which Nodepool has for openstack alone.
func (l *Label) Extend(m *schema.Mapping) {
	l.ConsoleLog = m.Bool("console-log", false)
	l.Label.Extend(m)
}

// Options is the table of a fleet.
func (f *Fleet) Options() option.Table {
	return option.Table{
		option.Strs("instance-types", &f.InstanceTypes, nil).Kind("list").Need(option.Validated).Maps("aws_ec2_fleet launch_template_config.override.instance_type"),
		option.Str("allocation-strategy", &f.AllocationStrategy, "").Need(option.Validated).Maps("aws_ec2_fleet allocation_strategy").
			Among(append([]string{"lowest-price", "prioritized"}, spotOnly...)...),
	}
}

// Options is the table of an instance profile.
func (p *Profile) Options() option.Table {
	return option.Table{
		option.Str("name", &p.Name, "").Maps("iam_instance_profile"),
		option.Str("arn", &p.ARN, "").Maps("iam_instance_profile, its last segment"),
	}
}

// Check allows one of the two.
func (p *Profile) Check(m *schema.Mapping) { option.Exclude(m, "name", "arn") }
