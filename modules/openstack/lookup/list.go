package lookup

import (
	"context"
	"fmt"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Terraform's names for what the module makes.
const (
	serverType     = "openstack_compute_instance_v2"
	floatingIPType = "openstack_networking_floatingip_v2"
	portType       = "openstack_networking_port_v2"
)

// List names the project's servers and floating IPs that carry tags of ours. It grows with the number of the project's
// servers and floating IPs, a call for each page. Ports carry no tags: Clean looks after them.
func (c *Cloud) List(ctx context.Context) ([]driver.Resource, error) {
	found, err := c.list(ctx)
	return found, judged(err)
}

func (c *Cloud) list(ctx context.Context) ([]driver.Resource, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	compute, err := openstack.NewComputeV2(s.client, s.endpoint)
	if err != nil {
		return nil, err
	}
	pages, err := servers.List(compute, servers.ListOpts{}).AllPages(ctx)
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	all, err := servers.ExtractServers(pages)
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	var out []driver.Resource
	for _, s := range all {
		if ours(s.Metadata) && s.Status != "DELETED" {
			out = append(out, driver.Resource{Type: serverType, ID: s.ID, Tags: s.Metadata, Created: s.Created})
		}
	}
	ips, err := s.floatingIPs(ctx)
	if err != nil {
		return nil, fmt.Errorf("floating IPs: %w", err)
	}
	for _, ip := range ips {
		if tags := modules.Marks(ip.Description); ours(tags) {
			out = append(out, driver.Resource{Type: floatingIPType, ID: ip.ID, Tags: tags, Created: ip.CreatedAt})
		}
	}
	return out, nil
}

// ours tells whether something was made for a node of this or another provider.
func ours(tags map[string]string) bool {
	return tags[modules.TagProvider] != "" && tags[modules.TagNodeID] != ""
}

// floatingIPs are those of the project, none for a cloud without Neutron.
func (s *session) floatingIPs(ctx context.Context) ([]floatingips.FloatingIP, error) {
	client, err := s.network()
	if client == nil || err != nil {
		return nil, err
	}
	pages, err := floatingips.List(client, floatingips.ListOpts{ProjectID: s.project()}).AllPages(ctx) // an administrator sees those of all
	if err != nil {
		return nil, err
	}
	return floatingips.ExtractFloatingIPs(pages)
}

// project is the id of the project that the session is for, "" where the login does not tell.
func (s *session) project() string {
	if r, ok := s.client.GetAuthResult().(tokens.CreateResult); ok {
		if p, err := r.ExtractProject(); err == nil && p != nil {
			return p.ID
		}
	}
	return ""
}

// network is the client for Neutron, nil for a cloud without it.
func (s *session) network() (*gophercloud.ServiceClient, error) {
	client, err := openstack.NewNetworkV2(s.client, s.endpoint)
	if missing(err) {
		return nil, nil
	}
	return client, err
}
