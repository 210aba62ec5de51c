package lookup

import (
	"context"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
)

// Terraform's names for what holds all of a node.
const (
	namespaceType = "kubernetes_namespace_v1"
	podType       = "kubernetes_pod_v1"
)

// object is what a list needs of a namespace or pod.
type object struct{ Metadata meta }

// List names the provider's namespaces, or, for openshiftpods, its pods: with them goes whatever else is a node's. What
// is on its way out already is left out. It takes a call for each page of 500, and for openshiftpods for each pool.
func (c *Cluster) List(ctx context.Context) ([]driver.Resource, error) {
	a, err := c.connect()
	if err != nil {
		return nil, err
	}
	selector := modules.TagProvider + "=" + c.p.Scope.Provider + "," + modules.TagNodeID
	if c.p.Flavour != kubernetes.PodOnly {
		found, err := list[object](ctx, a, "/api/v1/namespaces", selector)
		return resources(namespaceType, found), err
	}
	var out []driver.Resource
	for _, pool := range c.p.Pools.List {
		found, err := list[object](ctx, a, "/api/v1/namespaces/"+pool.Name+"/pods", selector)
		if err != nil {
			return nil, err
		}
		out = append(out, resources(podType, found)...)
	}
	return out, nil
}

func resources(typ string, found []object) []driver.Resource {
	var out []driver.Resource
	for _, o := range found {
		m := o.Metadata
		if m.DeletionTimestamp != nil {
			continue
		}
		id := m.Name
		if m.Namespace != "" {
			id = m.Namespace + "/" + m.Name
		}
		out = append(out, driver.Resource{Type: typ, ID: id, Tags: tags(m), Created: m.CreationTimestamp})
	}
	return out
}

// tags are those of a node's: some lie in labels, the others, which hold any text, in annotations.
func tags(m meta) map[string]string {
	out := map[string]string{}
	for _, from := range []map[string]string{m.Annotations, m.Labels} {
		for key, val := range from {
			if strings.HasPrefix(key, "nodepool_") {
				out[key] = val
			}
		}
	}
	return out
}
