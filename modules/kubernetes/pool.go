package kubernetes

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Pool is a part of a provider: a prefix of namespaces or projects, or, for
// openshiftpods, the project its pods are in.
type Pool struct {
	driver.Pool
	Provider *Provider
	// Default and DefaultLimit are what labels inherit.
	Default, DefaultLimit Size
	// DefaultExtra are extra-resources of labels without their own.
	DefaultExtra map[string]float64
	Labels       option.Set[*Label]
}

// Size is an amount of compute resources; nil is none.
type Size struct {
	CPU *int
	// Memory is in MiB, Storage in MB (10⁶ bytes).
	Memory, Storage *int
}

func (p *Provider) newPool() *Pool { return &Pool{Pool: driver.Pool{Scope: p.Scope}, Provider: p} }

// Options is the table of a pool. max-servers of a kubernetes provider is
// inherited as documented, though upstream never does (config-reference D69).
func (p *Pool) Options() option.Table {
	up := p.Provider
	return option.Join(
		p.Head(option.Always, map[Flavour]string{
			Kubernetes: "kubernetes_namespace_v1 metadata.name", Project: "project name", PodOnly: "pod metadata.namespace",
		}[up.Flavour]),
		option.Table{p.Servers(up.MaxServers(), "provider")},
		p.Sizes(up.Limits, "provider"),
		option.Table{p.Others("resource", up.Limits, "provider")},
		p.Default.options("default-label-", "", Size{}, "", driver.Launcher),
		p.DefaultLimit.options("default-label-", "-limit", Size{}, "", driver.Launcher),
		option.Table{
			option.Amounts("default-label-extra-resources", "resource", &p.DefaultExtra, nil).Maps(driver.Launcher),
			option.NamedEntries("labels", &p.Labels, "W-DUP-LABEL", "label", p.newLabel).Need(option.Validated).
				Maps(map[Flavour]string{Kubernetes: "a namespace module per node", Project: "a project module per node", PodOnly: "a pod per node"}[up.Flavour]),
		},
	)
}

// Check reports a name that no namespace can have.
func (p *Pool) Check(m *schema.Mapping) {
	f, _ := m.Get("name")
	if p.Provider.Flavour == PodOnly {
		checkDNS(f, p.Name, "a project", longest)
		return
	}
	checkDNS(f, p.Name, "namespaces, with a node's id behind it,", longestStem)
}

// options are the same for requests and limits, of pools and of labels.
func (s *Size) options(before, after string, def Size, from, to string) option.Table {
	return option.Table{
		option.Count(before+"cpu"+after, &s.CPU, def.CPU).From(from).Maps(to),
		option.Count(before+"memory"+after, &s.Memory, def.Memory).From(from).Maps(to),
		option.Count(before+"storage"+after, &s.Storage, def.Storage).From(from).Maps(to),
	}
}

// or fills up from s what is not there; a zero counts as none, once all had their
// say (config-reference A5).
func (s Size) or(other Size) Size {
	pick := func(a, b *int) *int {
		if a == nil {
			a = b
		}
		if a != nil && *a == 0 {
			return nil
		}
		return a
	}
	return Size{pick(s.CPU, other.CPU), pick(s.Memory, other.Memory), pick(s.Storage, other.Storage)}
}
