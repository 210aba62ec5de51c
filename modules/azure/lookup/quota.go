package lookup

import (
	"context"
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// usage is one of a location's limits and what the subscription uses of it.
type usage struct {
	Name struct {
		Value string `json:"value"`
	} `json:"name"`
	Current float64 `json:"currentValue"`
	Limit   float64 `json:"limit"`
}

// limited are the usages that are quotas here (config-reference.md 3.5), by their names.
var limited = map[string]string{"cores": "cores", "virtualMachines": "instances"}

// Quota asks for the subscription's usage of the location, and lists the machines of the resource group: it grows with
// their number, a call for each page. What is in use beyond them, in other groups, counts as one machine of nobody's.
func (c *Cloud) Quota(ctx context.Context) (driver.Quota, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return driver.Quota{}, err
	}
	usages, err := list[usage](ctx, s, "/subscriptions/"+s.subscription+"/providers/Microsoft.Compute/locations/"+c.location()+"/usages", computeVersion, "")
	if err != nil {
		return driver.Quota{}, fmt.Errorf("usage of %s: %w", c.location(), err)
	}
	machines, err := s.machines(ctx, c.provider.ResourceGroup)
	if err != nil {
		return driver.Quota{}, err
	}
	sizes := c.kept()
	if sizes == nil {
		if sizes, err = s.sizes(ctx, c.location()); err != nil {
			return driver.Quota{}, fmt.Errorf("sizes of virtual machines: %w", err)
		}
	}
	return quota(usages, machines, sizes, c.location()), nil
}

// quota is made of what was listed.
func quota(usages []usage, machines []machine, sizes map[string]size, location string) driver.Quota {
	q := driver.Quota{Limits: map[string]float64{}}
	counted := map[string]float64{}
	for _, m := range machines {
		if m.Location != location {
			continue
		}
		of := driver.Machine{
			Provider: m.Tags[modules.TagProvider], Node: m.Tags[modules.TagNodeID],
			Resources: sizes[key(m.Properties.HardwareProfile.VMSize)].need(),
		}
		for resource, n := range of.Resources {
			counted[resource] += n
		}
		q.Machines = append(q.Machines, of)
	}
	elsewhere := map[string]float64{}
	for _, u := range usages {
		resource := limited[u.Name.Value]
		if resource == "" {
			continue
		}
		if u.Limit >= 0 { // else there is none
			q.Limits[resource] = u.Limit
		}
		if more := u.Current - counted[resource]; more > 0 {
			elsewhere[resource] = more
		}
	}
	if len(elsewhere) > 0 {
		q.Machines = append(q.Machines, driver.Machine{Resources: elsewhere})
	}
	return q
}
