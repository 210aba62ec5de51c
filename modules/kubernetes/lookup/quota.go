package lookup

import (
	"context"
	"errors"
	"maps"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
)

// Quota is what the ResourceQuotas of openshiftpods' projects grant, and the pods that count against them. A project
// that is made for one node has no quota yet when it is decided on: there the pools' own limits hold, as in Nodepool
// (config-reference.md 3.5). It takes two calls for each pool.
func (c *Cluster) Quota(ctx context.Context) (driver.Quota, error) {
	if c.p.Flavour != kubernetes.PodOnly {
		return driver.Quota{}, nil
	}
	a, err := c.connect()
	if err != nil {
		return driver.Quota{}, err
	}
	var q driver.Quota
	for i, pool := range c.p.Pools.List {
		in := "/api/v1/namespaces/" + pool.Name
		quotas, err := list[resourceQuota](ctx, a, in+"/resourcequotas", "")
		var refused *driver.Refused
		if errors.As(err, &refused) {
			return driver.Quota{}, nil // an account that may only make pods: the pools' limits hold
		}
		if err != nil {
			return driver.Quota{}, err
		}
		granted := limits(quotas)
		if i == 0 {
			q.Limits = granted
		} else {
			add(q.Limits, granted)
		}
		if len(granted) == 0 {
			continue
		}
		pods, err := list[pod](ctx, a, in+"/pods", "")
		if err != nil {
			return driver.Quota{}, err
		}
		q.Machines = append(q.Machines, machines(pods)...)
	}
	return q, nil
}

// amounts by a name of Kubernetes', such as cpu: "500m", 2 or "1Gi".
type amounts map[string]resource.Quantity

// mebibyte is the unit of a node's ram.
const mebibyte = 1 << 20

// resourceQuota is what a quota's object says.
type resourceQuota struct {
	Spec struct {
		Hard          amounts
		Scopes        []string
		ScopeSelector any
	}
}

// measure is a node's resource as quotas and pods have it.
type measure struct {
	names []string // in a quota
	unit  float64
}

var measures = map[string]measure{
	"instances": {[]string{"pods", "count/pods"}, 1},
	"cores":     {[]string{"cpu", "requests.cpu"}, 1},
	"ram":       {[]string{"memory", "requests.memory"}, mebibyte},
}

// limits are those that a namespace's quotas set for all pods, the lowest of each resource.
func limits(quotas []resourceQuota) map[string]float64 {
	out := map[string]float64{}
	for _, q := range quotas {
		if len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
			continue // for some pods only
		}
		for name, m := range measures {
			for _, key := range m.names {
				hard, ok := q.Spec.Hard[key]
				if !ok {
					continue
				}
				n := hard.AsApproximateFloat64() / m.unit
				if had, ok := out[name]; !ok || n < had {
					out[name] = n
				}
			}
		}
	}
	return out
}

// add adds the limits of one more project; what one of them does not limit has no limit.
func add(to, granted map[string]float64) {
	maps.DeleteFunc(to, func(name string, _ float64) bool { _, limited := granted[name]; return !limited })
	for name := range to {
		to[name] += granted[name]
	}
}

// pod is what of a pod counts.
type pod struct {
	Metadata meta
	Spec     struct{ Containers, InitContainers []container }
	Status   struct{ Phase string }
}

type container struct {
	Resources struct{ Requests amounts }
}

// machines are the pods that count: those that have ended do not.
func machines(pods []pod) []driver.Machine {
	var out []driver.Machine
	for _, p := range pods {
		if p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" {
			continue
		}
		out = append(out, driver.Machine{
			Provider: p.Metadata.Labels[modules.TagProvider], Node: p.Metadata.Labels[modules.TagNodeID],
			Resources: map[string]float64{"instances": 1, "cores": p.request("cpu", 1), "ram": p.request("memory", mebibyte)},
		})
	}
	return out
}

// request is what a pod is counted for: its containers' together, or the most that one wants before those start.
func (p *pod) request(name string, unit float64) float64 {
	sum, most := 0.0, 0.0
	for _, c := range p.Spec.Containers {
		q := c.Resources.Requests[name]
		sum += q.AsApproximateFloat64() / unit
	}
	for _, c := range p.Spec.InitContainers {
		q := c.Resources.Requests[name]
		most = max(most, q.AsApproximateFloat64()/unit)
	}
	return max(sum, most)
}
