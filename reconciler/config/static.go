package config

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// StaticNode is a machine that exists. It is registered as MaxParallelJobs nodes, its slots.
type StaticNode struct {
	Pool *Pool
	// Name is a host name or an address: what Zuul connects to.
	Name     string
	Labels   []string
	Username string
	// Timeout bounds one look at the machine.
	Timeout time.Duration
	// HostKeyChecking unset: HostKeys are believed unseen, and the machine is believed to be up.
	HostKeyChecking bool
	// HostKeys are "<type> <base64>". All of them must be among what the machine shows; none accepts any.
	HostKeys                              []string
	ConnectionType, ShellType, PythonPath string
	ConnectionPort                        int
	// MaxParallelJobs is 0 for a machine that takes no jobs at present.
	MaxParallelJobs int
}

// MachineID tells machines of a provider apart. A change of any part makes another machine of it.
type MachineID struct {
	Hostname, Username string
	Port               int
}

// ID is the machine's.
func (n *StaticNode) ID() MachineID { return MachineID{n.Name, n.Username, n.ConnectionPort} }

// HasHostKeys reports whether the machine is reached by SSH. Of others nothing is known but that a port is open.
func (n *StaticNode) HasHostKeys() bool {
	return n.ConnectionType == "ssh" || n.ConnectionType == "network_cli"
}

// staticProvider reads a provider of driver static (config-reference.md 4.9).
func (l *loader) staticProvider(m *schema.Mapping, p *Provider) {
	for _, f := range m.List("pools") {
		if pool, ok := f.Mapping(); ok {
			l.staticPool(pool, p)
		}
	}
	m.Done()
}

// staticPool reads one pool. Of max-servers only 0 and less have an effect (D87).
func (l *loader) staticPool(m *schema.Mapping, p *Provider) {
	pool := &Pool{
		Provider: p, Priority: m.Int("priority", p.Priority), MaxServers: count(m, "max-servers"), NodeAttributes: nodeAttributes(m),
		Limits: map[string]float64{}, Labels: map[string]*PoolLabel{},
	}
	name, named := m.Get("name")
	if named {
		pool.Name, named = name.Str()
	} else {
		m.LoadError("E-REQ", "a pool needs a name") // upstream's validator lets it pass (D85)
	}
	for _, f := range m.List("nodes") {
		if entry, ok := f.Mapping(); ok {
			l.staticNode(entry, pool)
		}
	}
	m.Done()
	if named {
		p.add(pool, m)
	}
}

// addStaticNode gives the pool a machine and the labels that come with it.
func (p *Pool) addStaticNode(n *StaticNode) {
	p.StaticNodes = append(p.StaticNodes, n)
	for _, name := range n.Labels {
		label := p.Labels[name]
		if label == nil {
			// One instance and nothing else, as upstream counts it where tenants have limits.
			label = &PoolLabel{Name: name, Pool: p, Resources: map[string]float64{"instances": 1}}
			p.Labels[name], p.LabelNames = label, append(p.LabelNames, name)
		}
		label.Slots += n.MaxParallelJobs
	}
}
