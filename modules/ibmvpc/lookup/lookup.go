package lookup

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
)

// Cloud is the region of a provider. Its methods may be called by several goroutines.
type Cloud struct{ provider *ibmvpc.Provider }

// New returns the region of a provider that was read. Nothing is asked yet.
func New(p *ibmvpc.Provider) *Cloud { return &Cloud{p} }

// named is what has a name and an id.
type named struct{ ID, Name string }

type subnet struct {
	named
	Zone struct{ Name string }
	VPC  named
}

// profile is the size of instances. Those of a range or of an enumeration say no value.
type profile struct {
	Name   string
	Cores  struct{ Value float64 } `json:"vcpu_count"`
	Memory struct{ Value float64 } // GiB
}

// Lookup asks what the labels' nodes are made of. It grows with the region's keys, subnets and, where a label has an
// image-filter, images: a call for each 100 of them.
func (c *Cloud) Lookup(ctx context.Context) (driver.Findings, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return driver.Findings{}, err
	}
	var there inventory
	if there.vpcs, err = all[named](ctx, s, "/vpcs", "vpcs", nil); err != nil {
		return driver.Findings{}, err
	}
	if there.subnets, err = all[subnet](ctx, s, "/subnets", "subnets", nil); err != nil {
		return driver.Findings{}, err
	}
	if there.profiles, err = s.profiles(ctx); err != nil {
		return driver.Findings{}, err
	}
	if there.groups, err = s.groups(ctx); err != nil {
		return driver.Findings{}, err
	}
	if slices.ContainsFunc(c.cloudImages(), func(i *ibmvpc.CloudImage) bool { return len(i.Keys) > 0 }) {
		if there.keys, err = all[named](ctx, s, "/keys", "keys", nil); err != nil {
			return driver.Findings{}, err
		}
	}
	if there.images, err = c.images(ctx, s); err != nil {
		return driver.Findings{}, err
	}
	return there.findings(c.provider), nil
}

// cloudImages are those of labels.
func (c *Cloud) cloudImages() (out []*ibmvpc.CloudImage) {
	for _, pool := range c.provider.Pools.List {
		for _, l := range pool.Labels.List {
			if l.CloudImage != nil {
				out = append(out, l.CloudImage)
			}
		}
	}
	return out
}

// profiles are by name.
func (s *session) profiles(ctx context.Context) (map[string]profile, error) {
	list, err := all[profile](ctx, s, "/instance/profiles", "profiles", nil)
	out := make(map[string]profile, len(list))
	for _, p := range list {
		out[p.Name] = p
	}
	return out, err
}

// groups are the account's resource groups, ids by name. All come with one answer.
func (s *session) groups(ctx context.Context) (map[string]string, error) {
	at := endpoint("RESOURCE_MANAGEMENT", "https://resource-controller.cloud.ibm.com") + "/v2/resource_groups"
	var got struct{ Resources []named }
	if err := s.do(ctx, request{method: http.MethodGet, url: at}, &got); err != nil {
		return nil, fmt.Errorf("GET /v2/resource_groups: %w", err)
	}
	out := make(map[string]string, len(got.Resources))
	for _, g := range got.Resources {
		out[g.Name] = g.ID
	}
	return out, nil
}
