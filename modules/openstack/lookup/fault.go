package lookup

import (
	"context"
	"regexp"

	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
)

// Fault is what Nova says went wrong with a node's server, "" for nothing: Terraform only tells that it is in ERROR.
func (c *Cloud) Fault(ctx context.Context, hostname string) (string, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return "", judged(err)
	}
	defer s.close()
	compute, err := openstack.NewComputeV2(s.client, s.endpoint)
	if err != nil {
		return "", err
	}
	pages, err := servers.List(compute, servers.ListOpts{Name: "^" + regexp.QuoteMeta(hostname) + "$"}).AllPages(ctx)
	if err != nil {
		return "", judged(err)
	}
	list, err := servers.ExtractServers(pages)
	for _, s := range list {
		if s.Name == hostname && s.Fault.Message != "" {
			return s.Fault.Message, nil
		}
	}
	return "", err
}
