package setback

import (
	"maps"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// The back-offs.
var (
	quotaCurve    = curve{30 * time.Second, 5 * time.Minute}
	capacityCurve = curve{time.Minute, 10 * time.Minute}
	stopCurve     = curve{time.Minute, 10 * time.Minute}
)

// recently is how long a success speaks for a label.
const recently = time.Hour

// Pool names a pool.
type Pool struct{ Provider, Pool string }

// label names a label of a pool, offering one of its choices. They are made by labelOf and offeringOf alone, so that
// what is written under a key is found under it.
type (
	label    struct{ provider, pool, name string }
	offering struct {
		label
		choice int
	}
)

func labelOf(l *config.PoolLabel) label {
	return label{l.Pool.Provider.Name, l.Pool.Name, l.Name}
}

func offeringOf(l *config.PoolLabel, choice int) offering {
	return offering{labelOf(l), choice}
}

func poolOf(l *config.PoolLabel) Pool { return Pool{l.Pool.Provider.Name, l.Pool.Name} }

// Memory is all that is remembered. It is for one goroutine. A nil Memory can be read and knows nothing.
type Memory struct {
	dice      func() float64
	pools     map[Pool]*mark
	offerings map[offering]*mark
	labels    map[label]*refusals
	proven    map[label]time.Time // newest success
}

// New takes the dice for jitter: numbers from 0 to below 1.
func New(dice func() float64) *Memory {
	return &Memory{
		dice: dice, pools: map[Pool]*mark{}, offerings: map[offering]*mark{}, labels: map[label]*refusals{}, proven: map[label]time.Time{},
	}
}

// at finds or makes the value of a key.
func at[K comparable, V any](m map[K]*V, k K) *V {
	if m[k] == nil {
		m[k] = new(V)
	}
	return m[k]
}

// Forget drops all that is known of a provider, whose configuration has changed.
func (m *Memory) Forget(provider string) {
	maps.DeleteFunc(m.pools, func(p Pool, _ *mark) bool { return p.Provider == provider })
	maps.DeleteFunc(m.offerings, func(o offering, _ *mark) bool { return o.provider == provider })
	maps.DeleteFunc(m.labels, func(l label, _ *refusals) bool { return l.provider == provider })
	maps.DeleteFunc(m.proven, func(l label, _ time.Time) bool { return l.provider == provider })
}

// Unknown is the choice of a launch that an earlier daemon began.
const Unknown = -1

// Succeeded notes that a node was made. It clears the label, because it shows that credentials and module are good;
// quota and capacity only if the attempt began after they were last refused: what was granted before that says nothing.
func (m *Memory) Succeeded(l *config.PoolLabel, choice int, began, now time.Time) {
	m.proven[labelOf(l)] = now
	delete(m.labels, labelOf(l))
	if p := m.pools[poolOf(l)]; p != nil && !began.Before(p.at) {
		delete(m.pools, poolOf(l))
	}
	if o := m.offerings[offeringOf(l, choice)]; o != nil && !began.Before(o.at) {
		delete(m.offerings, offeringOf(l, choice))
	}
}
