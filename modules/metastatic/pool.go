package metastatic

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Pool is a part of a provider; its limits count slots, not backing nodes.
type Pool struct {
	driver.Pool
	Labels option.Set[*Label]
}

func (p *Provider) newPool() *Pool { return &Pool{Pool: driver.Pool{Scope: p.Scope}} }

// Options is the table of a pool.
func (p *Pool) Options() option.Table {
	return option.Join(
		p.Head(option.Always, driver.Record),
		option.Table{
			p.Servers(nil, ""),
			driver.HostKeys(&p.HostKeyChecking, false, ""),
			option.NamedEntries("labels", &p.Labels, "W-DUP-LABEL", "label", p.newLabel).Need(option.Validated).Maps(driver.Launcher),
		},
	)
}

// Label is a slot on a node of another label.
type Label struct {
	driver.Label
	BackingLabel string
	// MaxParallelJobs is the number of slots of a backing node.
	MaxParallelJobs int
	// GraceTime is how long a backing node may idle, MinRetentionTime how long it is
	// kept at least; past MaxAge (0 is never) it gets no new slots.
	GraceTime, MinRetentionTime, MaxAge time.Duration

	pool *Pool
	at   schema.Field
}

func (p *Pool) newLabel() *Label { return &Label{Label: driver.Label{Scope: p.Scope}, pool: p} }

// Options is the table of a label.
func (l *Label) Options() option.Table {
	return option.Table{
		l.Named(driver.Launcher),
		option.Str("backing-label", &l.BackingLabel, "").Need(option.Always).Maps("the backing provider's module"),
		option.Int("max-parallel-jobs", &l.MaxParallelJobs, 1).Maps(driver.Launcher),
		option.Period("grace-time", &l.GraceTime, time.Minute).Maps(driver.Launcher),
		option.Period("min-retention-time", &l.MinRetentionTime, 0).Maps(driver.Launcher),
		option.Period("max-age", &l.MaxAge, 0).Default("").Maps(driver.Launcher),
		driver.HostKeys(&l.HostKeyChecking, l.pool.HostKeyChecking, "pool"),
	}
}

// Check compares the ages.
func (l *Label) Check(m *schema.Mapping) {
	l.Defined(m)
	l.at = m.Field
	if f, ok := m.Get("max-parallel-jobs"); ok && l.MaxParallelJobs < 1 {
		f.StrictError("E-RANGE", "a backing node has 1 slot or more; 1 is used")
		l.MaxParallelJobs = 1
	}
	if f, ok := m.Get("backing-label"); ok && l.BackingLabel != "" && !l.IsLabel(l.BackingLabel) {
		f.Warn("W-META-BACK", "nothing serves backing label %s: it is not a global label%s", l.BackingLabel, driver.Hint(l.BackingLabel, l.Labels))
	}
	if f, _ := m.Get("max-age"); l.MaxAge > 0 && l.MaxAge < l.MinRetentionTime {
		f.LoadError("E-META-AGE", "max-age is less than min-retention-time: the node could neither stay nor go")
	}
}

// agrees tells whether backing nodes are treated alike.
func (l *Label) agrees(o *Label) bool {
	return l.MaxParallelJobs == o.MaxParallelJobs && l.GraceTime == o.GraceTime &&
		l.MinRetentionTime == o.MinRetentionTime && l.MaxAge == o.MaxAge
}
