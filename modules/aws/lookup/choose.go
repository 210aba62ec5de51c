package lookup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/aws"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// inventory is what was listed.
type inventory struct {
	images map[*aws.CloudImage]image
	types  map[string]size
	zones  map[string]string
}

// newest is the image that was created last; of several, the one whose id sorts first.
func newest(all []image) image {
	if len(all) == 0 {
		return image{}
	}
	return slices.MinFunc(all, func(a, b image) int {
		return cmp.Or(strings.Compare(b.Created, a.Created), strings.Compare(a.ID, b.ID))
	})
}

// findings are for each label.
func (there inventory) findings(p *aws.Provider) driver.Findings {
	out := driver.Findings{Labels: map[driver.LabelKey]driver.Found{}}
	for _, l := range labels(p) {
		out.Labels[driver.LabelKey{Pool: l.Pool.Name, Label: l.Name}] = there.found(l)
	}
	return out
}

func (there inventory) found(l *aws.Label) driver.Found {
	out := driver.Found{Missing: there.missing(l)}
	if out.Missing != "" {
		return out
	}
	ami := there.images[l.CloudImage]
	if l.CloudImage != nil {
		out.ImageID = cmp.Or(l.CloudImage.ImageID, ami.ID)
	}
	if l.Fleet == nil {
		out.Resources = need(l, there.types[l.InstanceType])
		return out
	}
	sizes := map[string]any{}
	for _, t := range l.Fleet.InstanceTypes {
		if size, ok := there.types[t]; ok {
			of := map[string]any{}
			for resource, n := range need(l, size) {
				of[resource] = n
			}
			sizes[t] = of
		}
	}
	out.Given = map[string]any{aws.GivenSizes: sizes}
	if ami.RootDevice != "" {
		out.Given[aws.GivenRootDevice] = ami.RootDevice
	}
	if zone := there.zones[l.Pool.SubnetID]; zone != "" {
		out.Given[aws.GivenZone] = zone
	}
	return out
}

// missing says why no node of a label can be made, "" when it can.
func (there inventory) missing(l *aws.Label) string {
	switch i := l.CloudImage; {
	case i == nil && l.DiskImage == nil:
		return "the label has neither cloud-image nor diskimage"
	case i != nil && i.ImageID == "" && there.images[i].ID == "":
		return fmt.Sprintf("the region has no AMI that matches the image-filters of %s", i.Name)
	}
	types := l.Types()
	if len(types) == 0 {
		return "the label has neither instance-type nor fleet"
	}
	for _, t := range types {
		if _, ok := there.types[t]; ok {
			return ""
		}
	}
	return "the region has no instance type " + strings.Join(types, " or ")
}
