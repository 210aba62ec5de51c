package lookup

import (
	"context"
	"regexp"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
)

// consoleLines is how much of a console is asked for: its end tells why a boot failed.
const consoleLines = 1000

// Fault is what Nova says went wrong with a node's server, "" for nothing: Terraform only tells that it is in ERROR.
func (c *Cloud) Fault(ctx context.Context, hostname string) (string, error) {
	text := ""
	err := c.servers(ctx, hostname, func(_ *gophercloud.ServiceClient, s servers.Server) error {
		if text == "" {
			text = s.Fault.Message
		}
		return nil
	})
	return text, err
}

// Console is the end of what a node's server has written to its serial console, "" without a server.
func (c *Cloud) Console(ctx context.Context, hostname string) (string, error) {
	text := ""
	err := c.servers(ctx, hostname, func(compute *gophercloud.ServiceClient, s servers.Server) (err error) {
		text, err = servers.ShowConsoleOutput(ctx, compute, s.ID, servers.ShowConsoleOutputOpts{Length: consoleLines}).Extract()
		return err
	})
	return text, err
}

// servers calls fn for each server with the name of a node.
func (c *Cloud) servers(ctx context.Context, hostname string, fn func(*gophercloud.ServiceClient, servers.Server) error) error {
	s, err := c.connect(ctx)
	if err != nil {
		return judged(err)
	}
	defer s.close()
	compute, err := openstack.NewComputeV2(s.client, s.endpoint)
	if err != nil {
		return err
	}
	pages, err := servers.List(compute, servers.ListOpts{Name: "^" + regexp.QuoteMeta(hostname) + "$"}).AllPages(ctx)
	if err != nil {
		return judged(err)
	}
	list, err := servers.ExtractServers(pages)
	for _, s := range list {
		if err == nil && s.Name == hostname {
			err = fn(compute, s)
		}
	}
	return judged(err)
}
