package lookup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
)

// flavor is what a server is sized by.
type flavor struct {
	ID, Name   string
	VCPUs, RAM int // MiB
}

// resources of a server of that flavor.
func (f flavor) resources() map[string]float64 {
	return map[string]float64{"instances": 1, "cores": float64(f.VCPUs), "ram": float64(f.RAM)}
}

// chooseFlavor is the one a label asks for: by name or id, or the smallest with enough memory whose name has a part
// (config-reference.md 4.1). missing says what there is none of.
func chooseFlavor(all []flavor, minRAM int, name string) (found flavor, missing string) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b flavor) int { return cmp.Or(cmp.Compare(a.RAM, b.RAM), strings.Compare(a.Name, b.Name)) })
	for _, f := range all {
		switch {
		case minRAM > 0 && f.RAM >= minRAM && strings.Contains(f.Name, name),
			minRAM <= 0 && name != "" && (f.Name == name || f.ID == name):
			return f, ""
		}
	}
	switch {
	case minRAM <= 0:
		return flavor{}, fmt.Sprintf("the cloud has no flavor %s", name)
	case name != "":
		return flavor{}, fmt.Sprintf("the cloud has no flavor with %s in its name and %d MiB of memory", name, minRAM)
	}
	return flavor{}, fmt.Sprintf("the cloud has no flavor with %d MiB of memory", minRAM)
}

// image is one that can be booted.
type image struct{ ID, Name string }

// chooseImage is the only one of that name or id.
func chooseImage(all []image, name string) (id, missing string) {
	var named []string
	for _, i := range all {
		if i.ID == name {
			return i.ID, ""
		}
		if i.Name == name {
			named = append(named, i.ID)
		}
	}
	switch len(named) {
	case 0:
		return "", fmt.Sprintf("the cloud has no active image %s", name)
	case 1:
		return named[0], ""
	}
	return "", fmt.Sprintf("the cloud has %d images %s; give the image-id of one", len(named), name)
}

// network is one that servers can be in.
type network struct {
	ID, Name string
	External bool
}

// chooseNetworks finds networks by name or id, in the order they are asked for.
func chooseNetworks(all []network, names []string) (found []network, missing string) {
	for _, name := range names {
		i := slices.IndexFunc(all, func(n network) bool { return n.ID == name })
		if i < 0 {
			i = slices.IndexFunc(all, func(n network) bool { return n.Name == name })
		}
		if i < 0 {
			return nil, fmt.Sprintf("the cloud has no network %s", name)
		}
		found = append(found, all[i])
	}
	return found, ""
}

// floatingPool is the external network from which a server needs an address, "" for none: its pool wants one, none of
// its networks can be reached from outside, and there is a network to take it from. Servers whose networks the cloud
// chooses are told by those that there are.
func floatingPool(l *openstack.Label, p profile, all, own []network) string {
	if !l.Pool.AutoFloatingIP || p.Private || strings.EqualFold(p.FloatingIPSource, "none") {
		return ""
	}
	if len(own) == 0 {
		if own = slices.DeleteFunc(slices.Clone(all), func(n network) bool { return n.External }); len(own) == 0 {
			return ""
		}
	}
	if slices.ContainsFunc(own, func(n network) bool { return n.External }) {
		return ""
	}
	for _, n := range all {
		if n.External {
			return n.Name
		}
	}
	return ""
}

// externalNames are the networks whose addresses are public.
func externalNames(all []network) []string {
	out := []string{}
	for _, n := range all {
		if n.External {
			out = append(out, n.Name)
		}
	}
	return out
}
