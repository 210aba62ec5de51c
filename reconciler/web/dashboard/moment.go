package dashboard

import "time"

// Moment is a time that is shown as an age, or as what is left until then. In what the stream sends the text is empty:
// it changes all the time, the script works it out, and what does not change is not sent.
type Moment struct {
	At    time.Time
	Ahead bool // it lies in the future, on our own clock
	Text  string
}

// Unix is for the script.
func (m Moment) Unix() int64 { return m.At.Unix() }

// ISO is for machines and for who points at it.
func (m Moment) ISO() string { return m.At.UTC().Format(time.RFC3339) }

// clock makes Moments.
type clock struct {
	now  time.Time
	live bool // for the stream
}

// moment is nil for the zero time.
func (c clock) moment(t time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	d := t.Sub(c.now)
	m := &Moment{At: t, Ahead: d > 0}
	switch {
	case c.live:
	case m.Ahead:
		m.Text = "in " + ago(d+time.Second-1)
	default:
		m.Text = ago(-d)
	}
	return m
}

// unix is a time as records carry it, Unix seconds: from another host's clock, so what lies in the future is now.
func (c clock) unix(seconds float64) *Moment {
	const year9999 = 253370764800
	if !(seconds > 0) || seconds > year9999 { // NaN too
		return nil
	}
	t := time.UnixMilli(int64(seconds * 1000))
	m := c.moment(t)
	if m.Ahead {
		m.Ahead = false
		if !c.live {
			m.Text = ago(0)
		}
	}
	return m
}
