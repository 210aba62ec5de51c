package driver

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Pool is what every pool has; a driver without an option leaves its default.
type Pool struct {
	*Scope
	Name string
	// Priority is the pool's, else the provider's; lower is preferred.
	Priority int
	// NodeAttributes are stored on the nodes for Zuul.
	NodeAttributes map[string]any
	Limits
	HostKeyChecking, UseInternalIP bool
	// IgnoreProviderQuota leaves only the pool's own limits.
	IgnoreProviderQuota bool
}

// EntryName is the pool's name.
func (p *Pool) EntryName() string { return p.Name }

// Head are the options of every driver's pools. need is that of the name, marks
// where a module puts it.
func (p *Pool) Head(need option.Need, marks string) option.Table {
	return option.Table{
		option.Name("name", &p.Name, "pool").Need(need).Maps(marks),
		option.Int("priority", &p.Priority, p.Scope.Priority).From("provider").Default("100").Maps(Launcher),
		option.Dict("node-attributes", &p.NodeAttributes).Maps(Record),
	}
}

// Limits are ceilings of a pool; nil is none.
type Limits struct {
	// MaxServers of 0 or less disables the pool.
	MaxServers, MaxCores *int
	// MaxRAM is in MiB.
	MaxRAM *int
	// MaxVolumes and MaxVolumeGB are openstack's.
	MaxVolumes, MaxVolumeGB *int
	// MaxResources holds ceilings of other resources.
	MaxResources map[string]float64
}

// Servers is max-servers; from names the level of the default, if any.
func (l *Limits) Servers(def *int, from string) option.Row {
	return option.Count("max-servers", &l.MaxServers, def).From(from).Maps(Launcher)
}

// Sizes are max-cores and max-ram.
func (l *Limits) Sizes(def Limits, from string) option.Table {
	return option.Table{
		option.Count("max-cores", &l.MaxCores, def.MaxCores).From(from).Maps(Launcher),
		option.Count("max-ram", &l.MaxRAM, def.MaxRAM).From(from).Maps(Launcher),
	}
}

// Others is max-resources, key by key over the default. what names its keys.
func (l *Limits) Others(what string, def Limits, from string) option.Row {
	return option.Amounts("max-resources", what, &l.MaxResources, def.MaxResources).From(from).Maps(Launcher)
}

// ByResource returns the limits by resource name; what is unlimited is absent.
// The options with a name of their own win over max-resources.
func (l *Limits) ByResource() map[string]float64 {
	out := maps.Clone(l.MaxResources)
	if out == nil {
		out = map[string]float64{}
	}
	for resource, n := range map[string]*int{
		"instances": l.MaxServers, "cores": l.MaxCores, "ram": l.MaxRAM,
		"volumes": l.MaxVolumes, "volume-gb": l.MaxVolumeGB,
	} {
		if n != nil {
			out[resource] = float64(max(0, *n))
		}
	}
	return out
}

// HostKeys is host-key-checking of a provider, pool or label.
func HostKeys(to *bool, def bool, from string) option.Row {
	return option.Bool("host-key-checking", to, def).From(from).Maps(Launcher)
}

// InternalIP is use-internal-ip.
func InternalIP(to *bool, def bool, from string) option.Row {
	return option.Bool("use-internal-ip", to, def).From(from).Maps(Launcher)
}

// WantServers warns about a pool without max-servers: upstream cannot load it,
// here it has no limit.
func (p *Pool) WantServers(m *schema.Mapping, code string) {
	if p.MaxServers == nil {
		m.Absent("max-servers").Warn(code, "the pool has no max-servers; it is not limited (Nodepool would not load this file)")
	}
}
