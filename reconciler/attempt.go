package reconciler

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// tries is how far a launch has got with its attempts.
//
// A launch that a restarted launcher takes up goes on with the attempt under way, as it was rendered, and counts it as
// its number says. Its choice is Unknown: neither it nor what lacked capacity is recorded anywhere, so with the next
// attempt the choices start over. That costs one refused attempt for each choice at most, and saves a write to ZooKeeper
// for every fall-through.
type tries struct {
	counted   int           // the attempt under way, of those that count
	throttled int           // attempts that were throttled
	choice    int           // the label's choice of the attempt under way
	without   []int         // choices that had no capacity since the newest attempt that counted
	wait      time.Duration // before the next attempt
}

func newTries(counted int) tries { return tries{counted: counted, choice: setback.Unknown} }

// start begins an attempt.
func (lp *loop) start(la *launch) {
	la.phase, la.began = applying, time.Now()
	if la.choice == setback.Unknown {
		var ok bool
		if la.choice, ok = lp.l.setbacks.Choose(la.label, la.without, la.began); !ok {
			la.choice = lp.l.setbacks.Soonest(la.label)
		}
	}
	lp.l.manager.Launch(lp.order(la))
}

// next begins the attempt that follows one whose remains are gone, in its time.
func (lp *loop) next(la *launch) {
	la.attempt++
	la.phase = waiting
	if la.wait <= 0 {
		lp.goOn(la)
		return
	}
	wait := la.wait
	la.wait = 0
	lp.after(wait, func() { lp.goOn(la) })
}

// goOn begins the next attempt of a launch unless nobody waits for it any more.
func (lp *loop) goOn(la *launch) {
	switch {
	case la.phase != waiting || lp.launches[la.node.ID] != la:
	case lp.view.Requests[la.handler.Request] == nil:
		lp.launchFailed(la, errors.New("request was cancelled"), record.NodeFailed)
	default:
		lp.start(la)
	}
}

// attemptFailed remembers what a failed attempt tells of the cloud and does what its class asks for.
func (lp *loop) attemptFailed(la *launch, err error) {
	la.reason = err
	f := failure{class: execute.ClassOf(err), attempt: la.counted, attempts: max(1, la.label.Pool.Provider.LaunchRetries), wanted: lp.view.Requests[la.handler.Request] != nil}
	number, choice := fmt.Sprintf("%d/%d", f.attempt, f.attempts), la.choiceText()
	known := lp.remember(la, &f)
	v := judge(f)
	var what string
	switch v {
	case abort:
		what = fmt.Sprintf("the request waits; a new node is launched in %s, or when nodes of the provider are gone", roughly(time.Until(known.Until)))
	case fail:
		what = "the node fails"
	case again:
		la.counted, la.without, la.choice = la.counted+1, nil, setback.Unknown
		what = fmt.Sprintf("attempt %d", la.counted)
	case another:
		what = "choice " + la.choiceText() + " at once"
	case later:
		la.wait = throttleWait(la.throttled, rand.Float64())
		what = fmt.Sprintf("it is tried again in %s, throttled %d times of %d", roughly(la.wait), la.throttled, mostThrottled)
	}
	lp.log.Warn("launch attempt failed", "node", la.node.ID, "request", la.handler.Request, "provider", la.node.Provider, "pool", la.node.Pool,
		"label", la.label.Name, "tenant", la.node.TenantName, "attempt", number, "choice", choice, "class", f.class, "policy", policy(f.class), "next", what,
		"dur", time.Since(la.began).Round(time.Millisecond), "err", err)
	switch v {
	case abort:
		lp.launchFailed(la, err, record.NodeAborted)
	case fail:
		lp.launchFailed(la, err, record.NodeFailed)
	default:
		la.phase = cleaning
		lp.l.manager.Destroy(la.node.ID)
	}
}

// remember notes what the failure tells of quota, capacity or label, and completes f with what is known then.
func (lp *loop) remember(la *launch, f *failure) (known setback.State) {
	now := time.Now()
	m := lp.l.setbacks
	switch f.class {
	case execute.Quota:
		known = m.QuotaUsedUp(la.label, la.began, now)
	case execute.Capacity:
		known = m.NoCapacity(la.label, la.choice, la.began, now)
		if la.choice != setback.Unknown {
			la.without = append(la.without, la.choice)
		}
		var choice int
		if choice, f.choice = m.Choose(la.label, la.without, now); f.choice && f.wanted {
			la.choice = choice
		}
	case execute.Throttle:
		la.throttled++
		f.throttled = la.throttled
	case execute.Auth, execute.Config:
		var stops bool
		known, stops = m.Refused(la.label, fmt.Sprintf("%s: %v", f.class, la.reason), la.began, now)
		f.stopped = known.Hold == setback.Held
		if stops {
			lp.log.Error("label is stopped: this pool declines requests for it", "provider", la.node.Provider, "pool", la.node.Pool, "label", la.label.Name, "class", f.class,
				"in_a_row", known.Times, "tried_again_in", roughly(known.Until.Sub(now)), "do", advice(f.class, la.label), "err", la.reason)
		}
	}
	return known
}

// choiceText is the choice under way, of how many.
func (la *launch) choiceText() string {
	if la.choice == setback.Unknown {
		return fmt.Sprintf("?/%d", la.label.Choices())
	}
	return fmt.Sprintf("%d/%d", la.choice+1, la.label.Choices())
}

// roughly rounds for the log.
func roughly(d time.Duration) time.Duration { return max(0, d).Round(100 * time.Millisecond) }
