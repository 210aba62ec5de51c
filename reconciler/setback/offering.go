package setback

import (
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// NoCapacity notes that the cloud had no capacity for one of a label's choices. Nothing is noted of an Unknown one.
func (m *Memory) NoCapacity(l *config.PoolLabel, choice int, began, now time.Time) State {
	if choice < 0 {
		return State{}
	}
	o := at(m.offerings, offeringOf(l, choice))
	o.fail(capacityCurve, began, now, m.dice())
	return o.state(now)
}

// Choose is the first of a label's choices, in the order of the configuration, that is not marked and not among those
// tried; false when there is none.
func (m *Memory) Choose(l *config.PoolLabel, tried []int, now time.Time) (choice int, ok bool) {
	for i := range l.Choices() {
		if !now.Before(m.availableAt(l, i)) && !slices.Contains(tried, i) {
			return i, true
		}
	}
	return 0, false
}

// Soonest is the choice whose mark ends first: what to try when there is nothing else.
func (m *Memory) Soonest(l *config.PoolLabel) int {
	best := 0
	for i := 1; i < l.Choices(); i++ {
		if m.availableAt(l, i).Before(m.availableAt(l, best)) {
			best = i
		}
	}
	return best
}

// Exhausted tells whether all choices of a label are marked, and until when the first of them is.
func (m *Memory) Exhausted(l *config.PoolLabel, now time.Time) (until time.Time, exhausted bool) {
	until = m.availableAt(l, m.Soonest(l))
	return until, now.Before(until)
}

// availableAt is when a choice may be tried, the zero time when nothing is known against it.
func (m *Memory) availableAt(l *config.PoolLabel, choice int) time.Time {
	if m == nil {
		return time.Time{}
	}
	if o := m.offerings[offeringOf(l, choice)]; o != nil {
		return o.until
	}
	return time.Time{}
}
