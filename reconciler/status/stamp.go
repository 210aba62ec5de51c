package status

import (
	"math"
	"strconv"
	"time"
)

// Stamp is a cell for the time of a state change: the pretty table shows how long ago it was, JSON and YAML the Unix
// time itself, whatever the key is called (operator-surface.md 2.2, D-12).
type Stamp struct {
	Unix int64
	Now  time.Time // what the age is counted to
}

// stamp is nil for numbers that are no time.
func stamp(stateTime float64, now time.Time) any {
	if math.IsNaN(stateTime) || math.Abs(stateTime) > 1<<53 {
		return nil
	}
	return Stamp{Unix: int64(stateTime), Now: now}
}

// String is the age.
func (s Stamp) String() string { return age(float64(s.Unix), s.Now) }

// MarshalJSON writes the time.
func (s Stamp) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, s.Unix, 10), nil }
