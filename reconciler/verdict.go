package reconciler

import (
	"math"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// failure is all that the decision about a failed attempt depends on.
type failure struct {
	class execute.Class
	// attempt of attempts, those that count (launch-retries).
	attempt, attempts int
	throttled         int  // throttled attempts of this launch, this one included
	choice            bool // the label has another choice that is not known to lack capacity, and this launch has not tried
	next              int  // which one
	stopped           bool // the label is stopped
	wanted            bool // its request is still there
}

// verdict is what follows a failed attempt.
type verdict string

// The verdicts. Every launch ends: again counts, another is bounded by the label's choices, later by mostThrottled.
const (
	abort   verdict = "abort"   // the node is aborted, its label launched again as a new node once the pool may
	fail    verdict = "fail"    // the node fails
	again   verdict = "again"   // the next attempt that counts
	another verdict = "another" // the label's next choice at once; that does not count
	later   verdict = "later"   // the same again after a wait; that does not count
)

// mostThrottled is how many throttled attempts end a launch.
const mostThrottled = 8

// judge applies each class's policy.
func judge(f failure) verdict {
	switch {
	case f.class == execute.Quota:
		return abort
	case !f.wanted, f.class == execute.Config, f.class == execute.Auth && f.stopped:
		return fail
	case f.class == execute.Capacity && f.choice:
		return another
	case f.class == execute.Throttle && f.throttled < mostThrottled:
		return later
	case f.class == execute.Throttle, f.attempt >= f.attempts:
		return fail
	}
	return again
}

// policies say in the log what is done about a class.
var policies = map[execute.Class]string{
	execute.Quota:    "the pool waits until the cloud has quota again",
	execute.Capacity: "the label's next choice; what has no capacity is left out for a while",
	execute.Throttle: "try again after a wait",
	execute.Auth:     "stop the label until somebody looks after the credentials",
	execute.Config:   "stop the label until somebody looks after the configuration",
}

// policy of a class; those that are not in the table are counted attempts.
func policy(c execute.Class) string {
	if p := policies[c]; p != "" {
		return p
	}
	return "try again, launch-retries times in all"
}

// Waits between throttled attempts.
const (
	firstThrottle = 5 * time.Second
	lastThrottle  = time.Minute
)

// throttleWait is the wait after so many throttled attempts: anything up to a bound that doubles, so that those who
// were throttled together do not come back together.
func throttleWait(throttled int, dice float64) time.Duration {
	bound := firstThrottle
	for ; throttled > 1 && bound < lastThrottle; throttled-- {
		bound *= 2
	}
	return time.Duration(math.Round(dice * float64(min(bound, lastThrottle))))
}

// firstAway is the wait after the first attempt that did not reach the cloud.
const firstAway = 5 * time.Second

// awayWait is the wait after so many counted attempts, the last of which did not reach the cloud: half of a bound that
// trebles, and anything up to all of it. A cloud that is away for a moment must not use all attempts up.
func awayWait(counted int, dice float64) time.Duration {
	bound := firstAway
	for ; counted > 1 && bound < lastThrottle; counted-- {
		bound *= 3
	}
	return time.Duration((1 + dice) / 2 * float64(min(bound, lastThrottle)))
}
