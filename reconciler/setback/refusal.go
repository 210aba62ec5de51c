package setback

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// refusals of a label: errors that no other attempt mends.
type refusals struct {
	mark
	stopped bool
	reason  string
}

// Refused notes that a node of a label failed for a reason that lies in its credentials or its configuration. The label
// stops at once if none of its nodes was made lately, else when an attempt fails so that began after the first failure,
// with none made in between: clouds now and then refuse what they granted a moment ago, and one bad answer to all
// launches under way is one failure. State is what holds now, stops tells whether
// this failure stopped the label, or stopped it again.
func (m *Memory) Refused(l *config.PoolLabel, reason string, began, now time.Time) (s State, stops bool) {
	r := at(m.labels, labelOf(l))
	if !r.stopped {
		proven, known := m.proven[labelOf(l)]
		works := known && now.Sub(proven) < recently
		first := r.times == 0 || now.Sub(r.at) > stopCurve.last
		if works && first {
			r.mark = mark{times: 1, at: now}
			return State{}, false
		}
		if works && began.Before(r.at) {
			return State{}, false
		}
		r.mark, r.stopped = mark{}, true // the first wait is the shortest
	}
	before := r.at
	r.fail(stopCurve, began, now, m.dice())
	if stops = r.at != before; stops {
		r.reason = reason
	}
	s = r.state(now)
	s.Reason = r.reason
	return s, stops
}

// Label tells whether a label is stopped.
func (m *Memory) Label(l *config.PoolLabel, now time.Time) State {
	if m == nil {
		return State{}
	}
	r := m.labels[labelOf(l)]
	if r == nil || !r.stopped {
		return State{}
	}
	s := r.state(now)
	s.Reason = r.reason
	return s
}
