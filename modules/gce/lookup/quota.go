package lookup

import (
	"context"
	"fmt"
	"net/url"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// metrics are the quotas of a region that count, and what they are called here (config-reference.md 3.5).
var metrics = map[string]string{"CPUS": "cores", "INSTANCES": "instances"}

// Quota asks for the region's quotas and lists the instances of the zone, which count against them. What the region's
// other zones have does not, as with Nodepool: a provider there may be ours, and for what only waits until one of its
// nodes goes nothing must be declined. Google's refusal is waited out.
func (c *Cloud) Quota(ctx context.Context) (driver.Quota, error) {
	q := driver.Quota{Limits: map[string]float64{}}
	if c.provider.Region == "" {
		return q, nil
	}
	s, err := c.connect(ctx)
	if err != nil {
		return q, err
	}
	if err := s.limits(ctx, q.Limits); err != nil {
		return q, fmt.Errorf("quotas of region %s: %w", c.provider.Region, err)
	}
	all, err := s.instances(ctx)
	if err != nil {
		return q, err
	}
	for _, i := range all {
		m, err := s.machine(ctx, i)
		if err != nil {
			return q, err
		}
		q.Machines = append(q.Machines, m)
	}
	return q, nil
}

func (s *session) limits(ctx context.Context, to map[string]float64) error {
	var region struct {
		Quotas []struct {
			Metric string  `json:"metric"`
			Limit  float64 `json:"limit"` // unlimited is a very large number
		} `json:"quotas"`
	}
	err := s.get(ctx, []string{"regions", s.provider.Region}, url.Values{"fields": {"quotas(metric,limit)"}}, &region)
	for _, q := range region.Quotas {
		if resource := metrics[q.Metric]; resource != "" {
			to[resource] = q.Limit
		}
	}
	return err
}

// machine is what an instance counts for. One that is stopped takes no cores.
func (s *session) machine(ctx context.Context, i instance) (driver.Machine, error) {
	marks := i.marks()
	m := driver.Machine{Provider: marks[modules.TagProvider], Node: marks[modules.TagNodeID], Resources: map[string]float64{"instances": 1}}
	if i.Status == "TERMINATED" || i.Status == "SUSPENDED" {
		return m, nil
	}
	of, err := s.size(ctx, last(i.MachineType))
	if refusedOne(err) != "" { // the type was withdrawn, and with it its size
		return m, nil
	}
	m.Resources = of.resources()
	return m, err
}
