package lookup

import (
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/modules/azure"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// inventory is what was listed.
type inventory struct {
	subscription string // its id
	subnet       string // id, "" for none
	images       []image
	sizes        map[string]size
	absent       map[string]bool // ids of gallery images that are not there
}

// image is one of the resource group.
type image struct {
	Name       string            `json:"name"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		ProvisioningState string `json:"provisioningState"`
	} `json:"properties"`
}

// last is the image with the greatest name of those that are ready and fit all that a filter says, "" for none.
func last(all []image, f *azure.Filter) (name string) {
	for _, i := range all {
		if i.Properties.ProvisioningState == "Succeeded" && fits(i, f) {
			name = max(name, i.Name)
		}
	}
	return name
}

func fits(i image, f *azure.Filter) bool {
	if f.Name != "" && i.Name != f.Name || f.Location != "" && i.Location != f.Location {
		return false
	}
	for tag, value := range f.Tags {
		if got, there := i.Tags[tag]; !there || got != value {
			return false
		}
	}
	return true
}

// findings are for each label.
func (there inventory) findings(p *azure.Provider) driver.Findings {
	out := driver.Findings{Labels: map[driver.LabelKey]driver.Found{}}
	for _, l := range labels(p) {
		out.Labels[driver.LabelKey{Pool: l.Pool.Name, Label: l.Name}] = there.found(p, l)
	}
	return out
}

func (there inventory) found(p *azure.Provider, l *azure.Label) driver.Found {
	if missing := there.missing(p, l); missing != "" {
		return driver.Found{Missing: missing}
	}
	out := driver.Found{
		Resources: there.sizes[key(l.HardwareProfile.VMSize)].need(),
		Given:     map[string]any{azure.GivenSubscription: there.subscription, azure.GivenSubnet: there.subnet},
	}
	if i := l.CloudImage; i != nil && i.ImageFilter != nil {
		out.ImageID = groupPath(there.subscription, p.ResourceGroup) + "/providers/Microsoft.Compute/images/" + last(there.images, i.ImageFilter)
	}
	return out
}

// missing says why no node of a label can be made, "" when one can.
func (there inventory) missing(p *azure.Provider, l *azure.Label) string {
	if there.subnet == "" {
		if p.Network == nil || p.Network.Network == "" {
			return "the provider has neither network nor subnet-id"
		}
		return fmt.Sprintf("resource group %s has no network %s with a subnet %s", networkGroup(p), p.Network.Network, p.Network.Subnet)
	}
	switch i := l.CloudImage; {
	case i == nil && l.DiskImage == nil:
		return "the label has neither cloud-image nor diskimage"
	case i == nil:
	case i.ImageFilter != nil && last(there.images, i.ImageFilter) == "":
		return fmt.Sprintf("resource group %s has no image that is ready and matches the image-filter of %s", p.ResourceGroup, i.Name)
	case there.absent[i.ID()]:
		return fmt.Sprintf("location %s has no image %s", p.Location, i.ID())
	}
	if l.HardwareProfile == nil || l.HardwareProfile.VMSize == "" {
		return "the label has no hardware-profile with a vm-size"
	}
	switch z, there := there.sizes[key(l.HardwareProfile.VMSize)]; {
	case !there:
		return fmt.Sprintf("location %s has no VM size %s", p.Location, l.HardwareProfile.VMSize)
	case z.barred():
		return fmt.Sprintf("the subscription may not use VM size %s in location %s (NotAvailableForSubscription)", l.HardwareProfile.VMSize, p.Location)
	}
	return ""
}
