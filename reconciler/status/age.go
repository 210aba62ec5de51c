package status

import (
	"fmt"
	"math"
	"time"
)

// age is the time from a state_time (Unix seconds) to now, as DD:HH:MM:SS; days are unbounded.
// Times in the future, and numbers that are none, count as zero.
func age(stateTime float64, now time.Time) string {
	seconds := float64(now.UnixNano())/1e9 - stateTime
	if math.IsNaN(seconds) || seconds < 0 {
		seconds = 0
	}
	s := int64(min(seconds, 1<<53))
	return fmt.Sprintf("%02d:%02d:%02d:%02d", s/86400, s/3600%24, s/60%60, s%60)
}
