package record

import (
	"fmt"
)

// DefaultPriority is a pool's priority when neither it nor its provider sets one.
const DefaultPriority = 100

// Component states (protocol.md 2.6).
const (
	ComponentInitializing = "initializing"
	ComponentRunning      = "running"
	ComponentPaused       = "paused"
	ComponentStopped      = "stopped"
)

// Pool is a registered pool, a component of kind `pool` (protocol.md 2.6):
// one provider pool inside one launcher process.
type Pool struct {
	ID              string // see PoolID
	Hostname        string // short host name
	Name            string // pool name, "" from launchers before 2024-03
	ProviderName    string
	SupportedLabels []string // labels of this pool only
	Priority        int      // lower is preferred
	Paused          bool
	State           string
	Kind            string // "pool"
	Version         string
}

// ParsePool reads a pool component. Missing keys take their defaults; a key of
// the wrong type counts as missing, because a pool we cannot read must still
// count as registered (protocol.md 4.4).
func ParsePool(data []byte) (*Pool, error) {
	f, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("parse pool component: %w", err)
	}
	p := &Pool{
		ID:              f.str("id"),
		Hostname:        f.str("hostname"),
		Name:            f.str("name"),
		ProviderName:    f.str("provider_name"),
		SupportedLabels: f.strs("supported_labels"),
		Priority:        DefaultPriority,
		Paused:          f.boolOr("paused", false),
		State:           f.str("state"),
		Kind:            f.str("kind"),
		Version:         f.str("version"),
	}
	if prio := f.integer("priority"); prio != nil {
		p.Priority = int(*prio)
	}
	if p.Kind == "" {
		p.Kind = "pool"
	}
	return p, nil
}

// Encode writes the component with sorted keys, as upstream does.
func (p *Pool) Encode() []byte {
	w := newWriter(nil)
	w.str("hostname", p.Hostname)
	w.str("id", p.ID)
	w.str("kind", "pool")
	w.num("model_api", 0, 0)
	w.str("name", p.Name)
	w.bool("paused", p.Paused, false)
	w.num("priority", float64(p.Priority), 0)
	w.str("provider_name", p.ProviderName)
	w.str("state", p.State)
	w.strs("supported_labels", p.SupportedLabels)
	w.str("version", p.Version)
	return w.done()
}

// Component is a launcher or builder registration (protocol.md 2.6).
type Component struct {
	Hostname string // short host name
	Kind     string // "launcher" or "builder"
	State    string
	Version  string
}

// Encode writes the component with sorted keys.
func (c *Component) Encode() []byte {
	w := newWriter(nil)
	w.str("hostname", c.Hostname)
	w.str("kind", c.Kind)
	w.num("model_api", 0, 0)
	w.str("state", c.State)
	w.str("version", c.Version)
	return w.done()
}

// PoolID makes a new pool id. It is random because an id kept over a restart
// would keep the old process's declines in force (protocol.md 9.7). owner is the
// id of the launcher's state directory; see Node.OwnerAmong.
func PoolID(fqdn, provider, pool, owner string) string {
	return fmt.Sprintf("%s-PoolWorker.%s-%s-%s", fqdn, provider, pool, ownedHex(owner))
}
