package aws

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Check finds the image and judges what does not go together.
func (l *Label) Check(m *schema.Mapping) {
	l.Defined(m)
	option.Exclude(m, "diskimage", "cloud-image")
	option.Exclude(m, "fleet", "instance-type")
	l.CloudImage, _ = driver.UseCloudImage(&l.Label, m, &l.Pool.Provider.CloudImages)
	if disk, ok := driver.UseDiskImage(&l.Label, m, &l.Pool.Provider.DiskImages); ok {
		l.CloudImage, l.DiskImage = nil, disk
	}
	if l.CloudImage != nil {
		l.ImageID = l.CloudImage.ImageID
	}
	switch {
	case !m.Has("instance-type") && !m.Has("fleet"):
		m.Warn("W-AWS-TYPE", "the label can never start: it has neither instance-type nor fleet")
	case !m.Has("cloud-image") && !m.Has("diskimage"):
		m.Warn("W-AWS-TYPE", "the label can never start: it has neither cloud-image nor diskimage")
	}
	l.checkHost(m)
	l.checkVolume(m)
	if l.Fleet != nil {
		l.checkFleet(m)
	}
}

func (l *Label) checkHost(m *schema.Mapping) {
	f, _ := m.Get("dedicated-host")
	if l.DedicatedHost && l.UseSpot {
		f.LoadError("E-AWS-SPOT-HOST", "spot instances cannot run on dedicated hosts")
	}
	if l.DedicatedHost && l.Pool.AvailabilityZone == "" {
		f.LoadError("E-AWS-HOST-AZ", "a dedicated host needs a zone: give the pool an availability-zone")
	}
}

// checkVolume: Terraform's provider takes both for certain types of volumes only, and asks no AMI for its type.
func (l *Label) checkVolume(m *schema.Mapping) {
	if l.Volume.Type != "" {
		return
	}
	for _, key := range []string{"iops", "throughput"} {
		if f, ok := m.Get(key); ok {
			f.Warn("W-AWS-VOLUME", "%s without volume-type makes a gp3 volume, whatever the AMI's is: set volume-type", key)
		}
	}
}

// checkFleet warns about strategies that the market does not have, and options
// that a fleet does not know.
func (l *Label) checkFleet(m *schema.Mapping) {
	f, _ := m.Get("fleet")
	switch s := l.Fleet.AllocationStrategy; {
	case !l.UseSpot && slices.Contains(spotOnly, s):
		f.Warn("W-AWS-FLEET", "on-demand instances know the strategies lowest-price and prioritized only; %s is for spot", s)
	case l.UseSpot && s == "prioritized":
		f.Warn("W-AWS-FLEET", "the strategy prioritized is for on-demand instances, not for spot")
	}
	for _, key := range []string{"iam-instance-profile", "ebs-optimized", "dedicated-host"} {
		if f, ok := m.Get(key); ok {
			f.Warn("W-AWS-FLEET", "a fleet ignores %s", key)
		}
	}
}
