package lookup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// lookEvery is how often is looked for what is left over; ipGap is how long a floating IP must be attached to nothing.
const (
	lookEvery = 5 * time.Minute
	ipGap     = lookEvery / 2
)

// errNoProject: an administrator's lists hold the ports and floating IPs of everybody.
var errNoProject = errors.New("the login does not tell which project it is for: nothing is cleaned up")

// CleanEvery is how long to wait between two calls of Clean, 0 for ever.
func (c *Cloud) CleanEvery() time.Duration {
	every := c.provider.PortCleanupInterval
	if every <= 0 && !c.provider.CleanFloatingIPs {
		return 0
	}
	if every <= 0 || every > lookEvery {
		return lookEvery
	}
	return every
}

// Clean removes what carries no tags and is left over, as port-cleanup-interval and clean-floating-ips say
// (config-reference.md 4.1), and tells what it has removed, with an error too. Nothing goes that was not seen by
// earlier calls. It must not be called twice at once.
func (c *Cloud) Clean(ctx context.Context, now time.Time) ([]driver.Resource, error) {
	removed, err := c.clean(ctx, now)
	return removed, judged(err)
}

func (c *Cloud) clean(ctx context.Context, now time.Time) ([]driver.Resource, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	client, err := s.network()
	if client == nil || err != nil {
		return nil, err
	}
	if s.project() == "" {
		return nil, errNoProject
	}
	var removed []driver.Resource
	if gap := c.provider.PortCleanupInterval; gap > 0 {
		seen, err := s.downPorts(ctx, client)
		if err != nil {
			return removed, fmt.Errorf("look for ports that are left over: %w", err)
		}
		for _, id := range c.ports.look(now, seen, gap) {
			if err := ports.Delete(ctx, client, id).ExtractErr(); err != nil && !gone(err) {
				return removed, fmt.Errorf("remove port %s, which is left over: %w", id, err)
			}
			removed = append(removed, driver.Resource{Type: portType, ID: id})
		}
	}
	if c.provider.CleanFloatingIPs {
		all, err := s.floatingIPs(ctx)
		if err != nil {
			return removed, fmt.Errorf("look for floating IPs that are left over: %w", err)
		}
		for _, id := range c.ips.look(now, leftIPs(all, s.project()), ipGap) {
			if err := floatingips.Delete(ctx, client, id).ExtractErr(); err != nil && !gone(err) {
				return removed, fmt.Errorf("remove floating IP %s, which is attached to nothing: %w", id, err)
			}
			removed = append(removed, driver.Resource{Type: floatingIPType, ID: id})
		}
	}
	return removed, nil
}

// downPorts asks for the ports first: a server that is made meanwhile has none among them.
func (s *session) downPorts(ctx context.Context, client *gophercloud.ServiceClient) ([]string, error) {
	pages, err := ports.List(client, ports.ListOpts{Status: "DOWN", ProjectID: s.project()}).AllPages(ctx)
	if err != nil {
		return nil, err
	}
	down, err := ports.ExtractPorts(pages)
	if err != nil || len(down) == 0 {
		return nil, err
	}
	compute, err := openstack.NewComputeV2(s.client, s.endpoint)
	if err != nil {
		return nil, err
	}
	if pages, err = servers.List(compute, servers.ListOpts{}).AllPages(ctx); err != nil {
		return nil, err
	}
	all, err := servers.ExtractServers(pages)
	there := map[string]bool{}
	for _, s := range all {
		there[s.ID] = true
	}
	return leftPorts(down, s.project(), there), err
}

func gone(err error) bool { return gophercloud.ResponseCodeIs(err, http.StatusNotFound) }
