package desire

import (
	"fmt"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Usage is what counts against the limits of pools, of providers' clouds and of tenants, by resource. Those without
// limits are not counted.
type Usage struct {
	Pools     map[PoolKey]map[string]float64
	Providers map[string]map[string]float64
	Tenants   map[string]map[string]float64
}

// Used counts it.
func Used(v *View) Usage {
	u := newPass(v).usage()
	return Usage{u.pools, u.providers, u.tenants}
}

// Outcome is what a pool makes of an open request.
type Outcome string

// The outcomes.
const (
	Takes    Outcome = "takes"
	Declines Outcome = "declines"
	Leaves   Outcome = "leaves" // for now: nothing is written, and the next pass asks again
)

// Verdict is what the rules make of an open request for one of our pools, and why. It is what Decide goes by.
type Verdict struct {
	PoolKey
	Outcome Outcome
	Rule    string   // of protocol.md that decided, such as "4.3.5"
	Reasons []string // in words, with the figures
}

// notes are what a pass writes down for those who ask why. A pass of Decide writes nothing down.
type notes struct {
	verdicts map[string][]Verdict // by request
	short    map[string]string    // what a request waits for of quota
}

// noted is a pass over the requests that writes down why.
func noted(v *View) *pass {
	p := newPass(v)
	p.notes = &notes{verdicts: map[string][]Verdict{}, short: map[string]string{}}
	p.handlers() // what is accepted goes first: it may pause a pool
	if !p.Draining {
		p.choose()
	}
	return p
}

// Waits says for the open requests why none of our pools takes them now, pool by pool. It costs what Decide does.
func Waits(v *View) map[string][]string {
	p := noted(v)
	out := map[string][]string{}
	for id, verdicts := range p.notes.verdicts {
		if p.taken[id] {
			continue
		}
		for _, w := range verdicts {
			out[id] = append(out[id], w.String())
		}
	}
	return out
}

func (v Verdict) String() string {
	return v.Provider + "/" + v.Pool + ": " + strings.Join(v.Reasons, "; ")
}

// leave notes why a pool leaves an open request alone.
func (p *pass) leave(key PoolKey, r *record.Request, rule, format string, args ...any) {
	if p.notes != nil {
		p.note(key, r, Leaves, rule, fmt.Sprintf(format, args...))
	}
}

// note notes what a pool makes of a request.
func (p *pass) note(key PoolKey, r *record.Request, o Outcome, rule string, reasons ...string) {
	if p.notes != nil {
		p.notes.verdicts[r.ID] = append(p.notes.verdicts[r.ID], Verdict{key, o, rule, reasons})
	}
}

// full notes which quota keeps a request from another node of a label.
func (p *pass) full(pool *config.Pool, r *record.Request, label string) {
	if p.notes == nil {
		return
	}
	why := p.short(pool, label)
	switch s := p.Setbacks.Quota(setback.Pool(keyOf(pool)), p.Now); {
	case s.Hold == setback.Held:
		why = "the cloud refused for quota, which is tried again in " + s.Until.Sub(p.Now).Round(time.Second).String() + " or when nodes of the provider are gone"
	case s.Hold == setback.Due && why == "":
		why = "the cloud refused for quota, and one node is launched to try again"
	}
	p.notes.short[r.ID] = why
}

// lack is more wanted than there is.
type lack struct{ limit, used, need map[string]float64 }

// String names the resource and the figures, "" when all fits.
func (l lack) String() string {
	res := exceeds(l.limit, l.used, l.need)
	if res == "" {
		return ""
	}
	return fmt.Sprintf("%s: %g of %g used, %g more wanted", res, l.used[res], l.limit[res], l.need[res])
}
