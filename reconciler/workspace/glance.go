package workspace

import "time"

// glance paces looks at a state that Terraform writes again and again. The first look is at once; after one that found
// something the next comes no sooner than a few times as long as that took. So a node alone never waits, and where many
// are complete at nearly the same time they share a look, and with it a copy in ZooKeeper: what looking costs stays a
// share of the time, however many there are and however large the state is.
type glance struct {
	timer *time.Timer // runs out when a look that was put off is due
	ended time.Time   // the last that found something
	rest  time.Duration
}

const (
	restAfterLook = 3 // times what it took
	longestRest   = 100 * time.Millisecond
)

func newGlance() *glance {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &glance{timer: t, ended: time.Now()}
}

// since is how long ago the last look ended.
func (g *glance) since() time.Duration { return time.Since(g.ended) }

// at looks now, or has the timer say when. look reports whether it found something.
func (g *glance) at(look func() bool) {
	if wait := g.rest - g.since(); wait > 0 {
		g.timer.Reset(wait)
		return
	}
	began := time.Now()
	if look() {
		g.ended = time.Now()
		g.rest = min(restAfterLook*g.ended.Sub(began), longestRest)
	}
}
