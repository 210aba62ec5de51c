package kubernetes

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Provider is a cluster as one kubeconfig context reaches it.
type Provider struct {
	driver.Provider
	Flavour Flavour
	// Context is empty, for kubernetes only, for the current or in-cluster one.
	Context string
	// Limits are what pools inherit.
	Limits driver.Limits
	Pools  option.Set[*Pool]

	maxProjects, maxPods *int
}

// New returns a provider to be read. The family has no options for time limits:
// upstream waits 300 s for a pod and 30 s for a token, and looks at no port.
func New(f Flavour, s *driver.Scope) *Provider {
	return &Provider{Provider: driver.Provider{Scope: s, LaunchTimeout: 330 * time.Second, BootTimeout: time.Minute, ZeroIsNone: true}, Flavour: f}
}

// Options is the table of config-reference.md 4.6, 4.7 or 4.8.
func (p *Provider) Options() option.Table {
	name := map[Flavour]string{Kubernetes: "kubernetes", Project: "openshift", PodOnly: "openshiftpods"}[p.Flavour]
	return option.Join(
		p.Head(name, "label nodepool_provider_name"),
		option.Table{p.context(), p.Retries()},
		p.aliases(),
		option.Table{p.Limits.Servers(nil, "")},
		p.Limits.Sizes(driver.Limits{}, ""),
		option.Table{
			p.Limits.Others("resource", driver.Limits{}, ""),
			option.NamedEntries("pools", &p.Pools, "W-DUP-POOL", "pool", p.newPool).Need(option.Validated).Maps(driver.Launcher),
		},
	)
}

func (p *Provider) context() option.Row {
	r := option.Str("context", &p.Context, "").Maps("provider config_context")
	if p.Flavour != Kubernetes {
		r = r.Need(option.Always).Missing("E-K8S-CTX", "context is required: the kubeconfig context of the cluster")
	}
	return r
}

// aliases are other names of max-servers.
func (p *Provider) aliases() option.Table {
	pods := option.Count("max-pods", &p.maxPods, nil).Maps(driver.Launcher)
	projects := option.Count("max-projects", &p.maxProjects, nil).Maps(driver.Launcher)
	switch p.Flavour {
	case Project:
		return option.Table{projects}
	case PodOnly:
		return option.Table{pods, projects}
	}
	return nil
}

// Check reports a name that cannot mark what is made, and attempts that are none.
func (p *Provider) Check(m *schema.Mapping) {
	f, _ := m.Get("name")
	checkMark(f, p.Scope.Provider)
	if f, ok := m.Get("launch-retries"); ok && p.LaunchRetries <= 0 {
		f.Warn("W-K8S-RETRIES", "no node can start: in this driver, 0 is no attempt at all; set max-servers: 0 to switch a pool off, or 1 for one attempt")
	}
}

// MaxServers is max-pods, max-projects or max-servers, the first that is given
// (config-reference D76, D79).
func (p *Provider) MaxServers() *int {
	for _, n := range []*int{p.maxPods, p.maxProjects} {
		if n != nil {
			return n
		}
	}
	return p.Limits.MaxServers
}

// Common is what the launcher knows of the provider.
func (p *Provider) Common() driver.Common {
	c := driver.Common{Provider: &p.Provider}
	for _, pool := range p.Pools.List {
		cp := c.Add(&pool.Pool)
		for _, label := range pool.Labels.List {
			cp.Add(&label.Label)
		}
	}
	return c
}
