package lookup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/availabilityzones"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/external"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	os "github.com/nodepool-tf/nodepool-tf/modules/openstack"
)

// Cloud is the cloud of a provider. Its methods, but for Clean, may be called by several goroutines.
type Cloud struct {
	provider   *os.Provider
	pace       pace
	ports, ips leftovers // of Clean
}

// New returns the cloud of a provider that was read. Nothing is asked yet.
func New(p *os.Provider) *Cloud {
	return &Cloud{provider: p, pace: pace{every: time.Duration(p.Rate * float64(time.Second))}, ports: leftovers{}, ips: leftovers{}}
}

// Lookup asks what the labels' nodes are made of: about five calls, whatever the number of labels, and one for each
// image that is known by name.
func (c *Cloud) Lookup(ctx context.Context) (driver.Findings, error) {
	f, err := c.lookup(ctx)
	return f, judged(err)
}

func (c *Cloud) lookup(ctx context.Context) (driver.Findings, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return driver.Findings{}, err
	}
	defer s.close()
	var there inventory
	there.profile = s.profile
	compute, err := openstack.NewComputeV2(s.client, s.endpoint)
	if err == nil {
		there.flavors, err = listFlavors(ctx, compute)
	}
	if err != nil {
		return driver.Findings{}, fmt.Errorf("flavors: %w", err)
	}
	if there.networks, err = s.listNetworks(ctx); err != nil {
		return driver.Findings{}, fmt.Errorf("networks: %w", err)
	}
	if there.images, err = s.listImages(ctx, c.imageNames()); err != nil {
		return driver.Findings{}, fmt.Errorf("images: %w", err)
	}
	if slices.ContainsFunc(c.provider.Pools.List, func(p *os.Pool) bool { return len(p.AvailabilityZones) == 0 }) {
		there.zones = listZones(ctx, compute) // none where the cloud does not tell
	}
	return there.findings(c.provider), nil
}

// imageNames are those to look up.
func (c *Cloud) imageNames() []string {
	var out []string
	for _, pool := range c.provider.Pools.List {
		for _, l := range pool.Labels.List {
			if i := l.CloudImage; i != nil && i.ImageID == "" && !slices.Contains(out, i.Lookup()) {
				out = append(out, i.Lookup())
			}
		}
	}
	return out
}

// inventory is what was listed.
type inventory struct {
	profile  profile
	flavors  []flavor
	images   []image
	networks []network
	zones    []string
}

// findings chooses for each label.
func (there inventory) findings(p *os.Provider) driver.Findings {
	out := driver.Findings{Labels: map[driver.LabelKey]driver.Found{}, Zones: map[string][]string{}}
	for _, pool := range p.Pools.List {
		out.Zones[pool.Name] = there.zones
		if len(pool.AvailabilityZones) > 0 {
			out.Zones[pool.Name] = pool.AvailabilityZones
		}
		for _, l := range pool.Labels.List {
			out.Labels[driver.LabelKey{Pool: pool.Name, Label: l.Name}] = there.found(l)
		}
	}
	return out
}

func (there inventory) found(l *os.Label) driver.Found {
	var out driver.Found
	flavor, missing := chooseFlavor(there.flavors, l.MinRAM, l.FlavorName)
	if missing == "" {
		out.ImageID, missing = there.image(l)
	}
	var own []network
	if missing == "" {
		own, missing = chooseNetworks(there.networks, l.Networks)
	}
	if missing != "" {
		return driver.Found{Missing: missing}
	}
	ids := []string{}
	for _, n := range own {
		ids = append(ids, n.ID)
	}
	out.Given = map[string]any{
		os.GivenFlavor: flavor.ID, os.GivenNetworks: ids, os.GivenExternal: externalNames(there.networks), os.GivenPrivate: there.profile.Private,
	}
	if pool := floatingPool(l, there.profile, there.networks, own); pool != "" {
		out.Given[os.GivenFloatingIP] = pool
	}
	out.Resources = flavor.resources()
	for _, res := range []string{"volumes", "volume-gb"} {
		if n, ok := l.Resources[res]; ok {
			out.Resources[res] = n
		}
	}
	return out
}

// image is the id of a label's cloud image, "" for a diskimage, whose uploads the launcher knows.
func (there inventory) image(l *os.Label) (id, missing string) {
	switch {
	case l.DiskImageName != "":
		return "", ""
	case l.CloudImage == nil:
		return "", "the label has no image"
	case l.CloudImage.ImageID != "":
		return l.CloudImage.ImageID, ""
	}
	return chooseImage(there.images, l.CloudImage.Lookup())
}

func listFlavors(ctx context.Context, compute *gophercloud.ServiceClient) ([]flavor, error) {
	pages, err := flavors.ListDetail(compute, flavors.ListOpts{}).AllPages(ctx)
	if err != nil {
		return nil, err
	}
	list, err := flavors.ExtractFlavors(pages)
	out := make([]flavor, len(list))
	for i, f := range list {
		out[i] = flavor{ID: f.ID, Name: f.Name, VCPUs: f.VCPUs, RAM: f.RAM}
	}
	return out, err
}

func listZones(ctx context.Context, compute *gophercloud.ServiceClient) []string {
	pages, err := availabilityzones.List(compute).AllPages(ctx)
	if err != nil {
		return nil
	}
	list, err := availabilityzones.ExtractAvailabilityZones(pages)
	if err != nil {
		return nil
	}
	var out []string
	for _, z := range list {
		if z.ZoneState.Available {
			out = append(out, z.ZoneName)
		}
	}
	slices.Sort(out)
	return out
}

// listNetworks is empty for a cloud without Neutron.
func (s *session) listNetworks(ctx context.Context) ([]network, error) {
	client, err := openstack.NewNetworkV2(s.client, s.endpoint)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pages, err := networks.List(client, networks.ListOpts{}).AllPages(ctx)
	if err != nil {
		return nil, err
	}
	var list []struct {
		networks.Network
		external.NetworkExternalExt
	}
	err = networks.ExtractNetworksInto(pages, &list)
	out := make([]network, len(list))
	for i, n := range list {
		out[i] = network{ID: n.ID, Name: n.Name, External: n.External}
	}
	slices.SortFunc(out, func(a, b network) int { return slices.Compare([]string{a.Name, a.ID}, []string{b.Name, b.ID}) })
	return out, err
}

// listImages finds active images by name, or id.
func (s *session) listImages(ctx context.Context, names []string) ([]image, error) {
	if len(names) == 0 {
		return nil, nil
	}
	client, err := openstack.NewImageV2(s.client, s.endpoint)
	if err != nil {
		return nil, err
	}
	var out []image
	for _, name := range names {
		for _, opts := range []images.ListOpts{{Name: name, Status: images.ImageStatusActive}, {ID: name, Status: images.ImageStatusActive}} {
			pages, err := images.List(client, opts).AllPages(ctx)
			if err != nil {
				return nil, err
			}
			list, err := images.ExtractImages(pages)
			if err != nil {
				return nil, err
			}
			for _, i := range list {
				out = append(out, image{i.ID, i.Name})
			}
			if len(list) > 0 {
				break
			}
		}
	}
	return out, nil
}

// missing tells that a cloud has no such service.
func missing(err error) bool {
	var none *gophercloud.ErrEndpointNotFound
	var plain gophercloud.ErrEndpointNotFound
	return errors.As(err, &none) || errors.As(err, &plain)
}
