package desire

import (
	"fmt"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Explanation is what the next pass makes of a request.
type Explanation struct {
	// Verdicts are of our pools, in the order they are asked. Those after one that takes or declines are not asked.
	Verdicts []Verdict
	// Short is the quota that an accepted request, or one about to be, waits for; "" for none.
	Short string
	// Ahead counts the open requests that are looked at before it.
	Ahead int
	// Held says why the pass does not look at it at all, "" when it does.
	Held string
	// Candidates are the registered pools that could serve it and have not declined it, ours and others'; Declined are
	// the registered ones that have.
	Candidates, Declined []*record.Pool
}

// Explain tells why a request is, or is not, served: by the very pass that Decide makes, which writes down its reasons.
// It costs what Decide does, whatever request is asked for.
func Explain(v *View, id string) Explanation {
	p := noted(v)
	e := Explanation{Verdicts: p.notes.verdicts[id], Short: p.notes.short[id]}
	r := v.Requests[id]
	if r == nil {
		return e
	}
	e.Candidates = p.seen(r.Request).candidates
	for _, c := range p.registry {
		if slices.Contains(r.DeclinedBy, c.ID) {
			e.Declined = append(e.Declined, c)
		}
	}
	if r.State != record.RequestRequested || v.Handlers[id] != nil {
		return e
	}
	for other, o := range v.Requests {
		if other != id && o.State == record.RequestRequested && v.Handlers[other] == nil && order(o.Request, r.Request) < 0 {
			e.Ahead++
		}
	}
	switch {
	case v.Draining:
		e.Held = "the launcher is stopping and takes nothing new"
	case r.Busy:
		e.Held = "a decision about it is being carried out"
	case v.Now.Before(r.NotBefore):
		e.Held = fmt.Sprintf("somebody else held its lock a moment ago, or a try failed: it is looked at again in %s", r.NotBefore.Sub(v.Now).Round(time.Millisecond))
	}
	return e
}
