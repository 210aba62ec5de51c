package setback

import "time"

// curve is a back-off: it doubles from first to last.
type curve struct{ first, last time.Duration }

// after is the wait that follows so many failures in a row.
func (c curve) after(times int) time.Duration {
	d := c.first
	for ; times > 1 && d < c.last; times-- {
		d *= 2
	}
	return min(d, c.last)
}

// mark is what is known of one thing that failed.
type mark struct {
	times int // in a row
	// at is when the newest of them was counted. An attempt begun earlier belongs to the same trouble: of a burst of
	// failures only one counts.
	at    time.Time
	until time.Time
}

// fail notes a failure of an attempt that began at some time. Trouble that lies longer ago than the longest wait is
// forgotten. A failure that says nothing new while the mark is fresh changes nothing.
func (m *mark) fail(c curve, began, now time.Time, dice float64) {
	if m.times > 0 && now.Sub(m.until) > c.last {
		*m = mark{}
	}
	counts := m.times == 0 || !began.Before(m.at)
	if !counts && now.Before(m.until) {
		return
	}
	if counts {
		m.times++
	}
	m.at, m.until = now, now.Add(jitter(c.after(m.times), dice))
}

// jitter shortens a wait by up to a quarter, so that what failed together is not tried again together.
func jitter(d time.Duration, dice float64) time.Duration {
	return d - time.Duration(dice*float64(d)/4)
}

// Hold says whether something may be asked for.
type Hold int

// Free is the zero value. With Due the wait is over and nothing has succeeded since: one may try, for all.
const (
	Free Hold = iota
	Held
	Due
)

// State of a pool or label.
type State struct {
	Hold   Hold
	Since  time.Time // when it was last refused; a launch begun later is the one that tries
	Until  time.Time // when the wait is over
	Times  int       // refusals in a row
	Reason string    // of a label
}

func (m *mark) state(now time.Time) State {
	s := State{Hold: Due, Since: m.at, Until: m.until, Times: m.times}
	if now.Before(m.until) {
		s.Hold = Held
	}
	return s
}
