package lookup

import (
	"context"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes/kubeconfig"
)

// Cluster is the cluster of one provider.
type Cluster struct{ p *kubernetes.Provider }

// New asks nothing yet.
func New(p *kubernetes.Provider) *Cluster { return &Cluster{p} }

// Lookup reads the kubeconfig, as it is now: a token that was renewed reaches the nodes launched from then on. That it is
// not there, or names no such context, is a *driver.Refused.
func (c *Cluster) Lookup(context.Context) (driver.Findings, error) {
	cluster, err := kubeconfig.Find(c.p.Getenv, c.p.Context).Read()
	if err != nil {
		return driver.Findings{}, &driver.Refused{Err: err}
	}
	found := c.found(cluster)
	out := driver.Findings{Labels: map[driver.LabelKey]driver.Found{}}
	for _, pool := range c.p.Pools.List {
		for _, label := range pool.Labels.List {
			out.Labels[driver.LabelKey{Pool: pool.Name, Label: label.Name}] = found
		}
	}
	return out, nil
}

func (c *Cluster) found(cluster kubeconfig.Cluster) driver.Found {
	given := map[string]any{kubernetes.GivenHost: cluster.Host, kubernetes.GivenSkipTLS: cluster.SkipTLS}
	if cluster.CA != "" {
		given[kubernetes.GivenCA] = cluster.CA
	}
	if c.p.Flavour != kubernetes.PodOnly {
		return driver.Found{Given: given}
	}
	if cluster.Token == "" {
		return driver.Found{Missing: "a token for Zuul: the account of the kubeconfig's context logs in with " + cluster.NoToken + "; use a context with a token"}
	}
	given[kubernetes.GivenToken] = cluster.Token
	return driver.Found{Given: given}
}
