package lookup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/nodepool-tf/nodepool-tf/modules/azure"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Versions of the API that are asked for.
const (
	computeVersion = "2024-07-01"
	galleryVersion = "2024-03-03"
	skuVersion     = "2021-07-01"
	networkVersion = "2024-05-01"
)

// Cloud is the resource group of a provider. Its methods may be called by several goroutines.
type Cloud struct {
	provider *azure.Provider
	client   *http.Client

	mu    sync.Mutex
	sizes map[string]size // of the last Lookup, for Quota
}

// New returns the resource group of a provider that was read. Nothing is asked yet.
func New(p *azure.Provider) *Cloud { return &Cloud{provider: p, client: http.DefaultClient} }

// Lookup asks what the labels' nodes are made of: one call for the subnet, one for each gallery's image, and the lists of
// images and sizes, a call for each page.
func (c *Cloud) Lookup(ctx context.Context) (driver.Findings, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return driver.Findings{}, err
	}
	there := inventory{subscription: s.subscription, absent: map[string]bool{}}
	if there.subnet, err = s.subnet(ctx, c.provider); err != nil {
		return driver.Findings{}, fmt.Errorf("subnet: %w", err)
	}
	if there.sizes, err = s.sizes(ctx, c.location()); err != nil {
		return driver.Findings{}, fmt.Errorf("sizes of virtual machines: %w", err)
	}
	c.keep(there.sizes)
	listed := false
	for _, i := range c.provider.CloudImages.List {
		switch {
		case i.ImageFilter != nil && !listed:
			if there.images, err = s.images(ctx, c.provider.ResourceGroup); err != nil {
				return driver.Findings{}, fmt.Errorf("images: %w", err)
			}
			listed = true
		case i.CommunityGalleryImage != nil || i.SharedGalleryImage != nil:
			if there.absent[i.ID()], err = s.lacks(ctx, c.location(), i.ID()); err != nil {
				return driver.Findings{}, fmt.Errorf("image %s: %w", i.Name, err)
			}
		}
	}
	return there.findings(c.provider), nil
}

// location is the provider's as Azure writes it: West Europe is westeurope.
func (c *Cloud) location() string {
	return strings.ToLower(strings.ReplaceAll(c.provider.Location, " ", ""))
}

func (c *Cloud) keep(sizes map[string]size) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sizes = sizes
}

func (c *Cloud) kept() map[string]size {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sizes
}

func labels(p *azure.Provider) (out []*azure.Label) {
	for _, pool := range p.Pools.List {
		out = append(out, pool.Labels.List...)
	}
	return out
}

// subnet is the id of the provider's subnet, "" when there is none. One that is given as an id is not looked for.
func (s *session) subnet(ctx context.Context, p *azure.Provider) (string, error) {
	if p.SubnetID != "" || p.Network == nil || p.Network.Network == "" {
		return p.SubnetID, nil
	}
	id := groupPath(s.subscription, networkGroup(p)) + "/providers/Microsoft.Network/virtualNetworks/" + p.Network.Network + "/subnets/" + p.Network.Subnet
	err := s.get(ctx, id, networkVersion, &struct{}{})
	if notThere(err) {
		return "", nil
	}
	return id, err
}

// networkGroup is the resource group of the provider's network.
func networkGroup(p *azure.Provider) string { return cmp.Or(p.Network.ResourceGroup, p.ResourceGroup) }

func groupPath(subscription, name string) string {
	return "/subscriptions/" + subscription + "/resourceGroups/" + name
}

// images are those of a resource group.
func (s *session) images(ctx context.Context, group string) ([]image, error) {
	return list[image](ctx, s, groupPath(s.subscription, group)+"/providers/Microsoft.Compute/images", computeVersion, "")
}

// sizes are the sizes of virtual machines that a location has, by key.
func (s *session) sizes(ctx context.Context, location string) (map[string]size, error) {
	all, err := list[size](ctx, s, "/subscriptions/"+s.subscription+"/providers/Microsoft.Compute/skus", skuVersion, "location eq '"+location+"'")
	out := map[string]size{}
	for _, z := range all {
		if z.Kind == "virtualMachines" {
			out[key(z.Name)] = z
		}
	}
	return out, err
}

// lacks tells whether a gallery's image is not there. Who may use one need not be allowed to look at it.
func (s *session) lacks(ctx context.Context, location, id string) (bool, error) {
	err := s.get(ctx, "/subscriptions/"+s.subscription+"/providers/Microsoft.Compute/locations/"+location+id, galleryVersion, &struct{}{})
	var refused *driver.Refused
	if notThere(err) || errors.As(err, &refused) {
		return notThere(err), nil
	}
	return false, err
}
