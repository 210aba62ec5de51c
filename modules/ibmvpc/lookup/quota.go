package lookup

import (
	"context"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
)

// instance is one that is there.
type instance struct {
	resource
	VCPU   struct{ Count float64 }
	Memory float64 // GiB
}

// Quota is the option quota, because IBM Cloud tells no limits, and what counts against it: all of the region's
// instances, a call for each 100 of them. Without the option nothing is asked.
func (c *Cloud) Quota(ctx context.Context) (driver.Quota, error) {
	out := driver.Quota{Limits: limits(c.provider.Quota)}
	if len(out.Limits) == 0 {
		return out, nil
	}
	s, err := c.connect(ctx)
	if err != nil {
		return out, err
	}
	list, err := all[instance](ctx, s, "/instances", "instances", nil)
	if err != nil {
		return out, err
	}
	pools := c.pools()
	for _, i := range list {
		m := driver.Machine{Resources: need(i.VCPU.Count, i.Memory)}
		if _, ours := pools[i.Group.Name]; ours && ibmvpc.NodeOf(i.Name) != "" {
			m.Provider, m.Node = c.provider.Scope.Provider, ibmvpc.NodeOf(i.Name)
		}
		out.Machines = append(out.Machines, m)
	}
	return out, nil
}

func limits(q *ibmvpc.Quota) map[string]float64 {
	out := map[string]float64{}
	if q == nil {
		return out
	}
	for name, n := range map[string]*int{"instances": q.Instances, "cores": q.Cores, "ram": q.RAM} {
		if n != nil {
			out[name] = float64(max(0, *n))
		}
	}
	return out
}

// pools are the provider's by the name of their resource group.
func (c *Cloud) pools() map[string]*ibmvpc.Pool {
	out := map[string]*ibmvpc.Pool{}
	for _, pool := range c.provider.Pools.List {
		out[pool.ResourceGroup()] = pool
	}
	return out
}
