package lookup

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
)

// inventory is what was listed.
type inventory struct {
	vpcs, keys []named
	subnets    []subnet
	profiles   map[string]profile
	groups     map[string]string // ids of resource groups by name
	images     []image
}

// findings are for each label.
func (there inventory) findings(p *ibmvpc.Provider) driver.Findings {
	out := driver.Findings{Labels: map[driver.LabelKey]driver.Found{}}
	for _, pool := range p.Pools.List {
		for _, l := range pool.Labels.List {
			found, err := there.found(p, l)
			if err != nil {
				found = driver.Found{Missing: err.Error()}
			}
			out.Labels[driver.LabelKey{Pool: pool.Name, Label: l.Name}] = found
		}
	}
	return out
}

// found is what nodes of a label are made of. The error says what the cloud lacks.
func (there inventory) found(p *ibmvpc.Provider, l *ibmvpc.Label) (driver.Found, error) {
	vpc := byName(there.vpcs, p.VPC)
	group := l.Pool.ResourceGroup()
	size, known := there.profiles[l.Profile]
	switch {
	case vpc == "":
		return driver.Found{}, fmt.Errorf("region %s has no VPC %s", p.Region, p.VPC)
	case there.groups[group] == "":
		return driver.Found{}, fmt.Errorf("the account has no resource group %[1]s: make it with ibmcloud resource group-create %[1]s", group)
	case !known:
		return driver.Found{}, fmt.Errorf("region %s has no instance profile %s", p.Region, l.Profile)
	}
	subnet, err := there.subnet(vpc, p.VPC, l.Pool.Network)
	if err != nil {
		return driver.Found{}, err
	}
	given := map[string]any{ibmvpc.GivenVPC: vpc, ibmvpc.GivenSubnet: subnet, ibmvpc.GivenResourceGroup: there.groups[group]}
	out := driver.Found{Given: given, Resources: need(size.Cores.Value, size.Memory.Value)}
	switch i := l.CloudImage; {
	case i != nil:
		out.ImageID, given[ibmvpc.GivenKeys], err = there.image(i)
	case l.DiskImage == nil:
		err = fmt.Errorf("the label has neither cloud-image nor diskimage")
	}
	return out, err
}

// need is what an instance counts for: memory is in GiB there and in MiB here (config-reference.md 4.5, D61).
func need(cores, memory float64) map[string]float64 {
	return map[string]float64{"instances": 1, "cores": cores, "ram": memory * 1024}
}

func (there inventory) subnet(vpc, name string, n ibmvpc.Network) (string, error) {
	for _, s := range there.subnets {
		switch {
		case s.Name != n.Subnet || s.VPC.ID != vpc:
		case s.Zone.Name != n.Zone:
			return "", fmt.Errorf("E-IBM-SUBNET-ZONE: subnet %s is in zone %s, the pool in %s", n.Subnet, s.Zone.Name, n.Zone)
		default:
			return s.ID, nil
		}
	}
	return "", fmt.Errorf("VPC %s has no subnet %s", name, n.Subnet)
}

// image is the id of a cloud image, with those of its keys.
func (there inventory) image(i *ibmvpc.CloudImage) (id string, keys []any, err error) {
	keys = []any{}
	for _, name := range i.Keys {
		key := byName(there.keys, name)
		if key == "" {
			return "", nil, fmt.Errorf("the region has no SSH key %s", name)
		}
		keys = append(keys, key)
	}
	if id = cmp.Or(i.ID(), newest(there.images, i)); id == "" {
		what := "image " + i.ImageName
		if i.ImageFilter != nil {
			what = "image that matches the image-filter of " + i.Name
		}
		return "", nil, fmt.Errorf("the region has no available %s", what)
	}
	return id, keys, nil
}

// byName is the id of the first of that name, "" when there is none.
func byName(list []named, name string) string {
	if i := slices.IndexFunc(list, func(n named) bool { return n.Name == name }); i >= 0 {
		return list[i].ID
	}
	return ""
}
