package lookup

import (
	"context"
	"fmt"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	volumelimits "github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/limits"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/limits"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Quota asks for the absolute limits of the project and lists what counts against them. It grows with the number of the
// project's servers and volumes, a call for each page.
func (c *Cloud) Quota(ctx context.Context) (driver.Quota, error) {
	q, err := c.quota(ctx)
	return q, judged(err)
}

func (c *Cloud) quota(ctx context.Context) (driver.Quota, error) {
	q := driver.Quota{Limits: map[string]float64{}}
	s, err := c.connect(ctx)
	if err != nil {
		return q, err
	}
	defer s.close()
	compute, err := openstack.NewComputeV2(s.client, s.endpoint)
	if err != nil {
		return q, err
	}
	l, err := limits.Get(ctx, compute, nil).Extract()
	if err != nil {
		return q, fmt.Errorf("compute limits: %w", err)
	}
	limit(q.Limits, "instances", l.Absolute.MaxTotalInstances)
	limit(q.Limits, "cores", l.Absolute.MaxTotalCores)
	limit(q.Limits, "ram", l.Absolute.MaxTotalRAMSize)
	machines, err := listServers(ctx, compute)
	if err != nil {
		return q, fmt.Errorf("servers: %w", err)
	}
	if err := s.volumes(ctx, &q, machines); err != nil {
		return q, fmt.Errorf("volumes: %w", err)
	}
	for _, m := range machines {
		q.Machines = append(q.Machines, *m)
	}
	return q, nil
}

// limit notes one of a service; -1 is none.
func limit(to map[string]float64, resource string, n int) {
	if n >= 0 {
		to[resource] = float64(n)
	}
}

// listServers lists the project's servers by id.
func listServers(ctx context.Context, compute *gophercloud.ServiceClient) (map[string]*driver.Machine, error) {
	pages, err := servers.List(compute, servers.ListOpts{}).AllPages(ctx)
	if err != nil {
		return nil, err
	}
	list, err := servers.ExtractServers(pages)
	if err != nil {
		return nil, err
	}
	all, err := listFlavors(ctx, compute)
	if err != nil {
		return nil, err
	}
	sizes := map[any]flavor{}
	for _, f := range all {
		sizes[f.ID] = f
	}
	out := map[string]*driver.Machine{}
	for _, s := range list {
		m := &driver.Machine{Provider: s.Metadata[modules.TagProvider], Node: s.Metadata[modules.TagNodeID], Resources: map[string]float64{"instances": 1}}
		if f, ok := sizes[s.Flavor["id"]]; ok { // else it was deleted, and with it its size
			m.Resources = f.resources()
		}
		out[s.ID] = m
	}
	return out, nil
}

// volumes adds the limits of the volume service, if there is one, and what counts against them: a volume belongs to the
// server it is attached to.
func (s *session) volumes(ctx context.Context, q *driver.Quota, machines map[string]*driver.Machine) error {
	client, err := openstack.NewBlockStorageV3(s.client, s.endpoint)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	l, err := volumelimits.Get(ctx, client).Extract()
	if err != nil {
		return err
	}
	limit(q.Limits, "volumes", l.Absolute.MaxTotalVolumes)
	limit(q.Limits, "volume-gb", l.Absolute.MaxTotalVolumeGigabytes)
	pages, err := volumes.List(client, volumes.ListOpts{}).AllPages(ctx)
	if err != nil {
		return err
	}
	list, err := volumes.ExtractVolumes(pages)
	for _, v := range list {
		of := "volume " + v.ID
		for _, a := range v.Attachments {
			if machines[a.ServerID] != nil {
				of = a.ServerID
			}
		}
		if machines[of] == nil {
			machines[of] = &driver.Machine{Resources: map[string]float64{}}
		}
		machines[of].Resources["volumes"]++
		machines[of].Resources["volume-gb"] += float64(v.Size)
	}
	return err
}
