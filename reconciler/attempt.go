package reconciler

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
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

// start begins an attempt, of the label as it is configured now.
func (lp *loop) start(la *launch) {
	if !lp.renew(la) {
		return
	}
	if attempts(la.label) == 0 {
		lp.launchFailed(la, errNoAttempt, record.NodeFailed)
		return
	}
	waited := la.phase == asking
	la.phase, la.began, la.turn, la.ws = applying, time.Now(), time.Time{}, ""
	if !lp.informed(la, waited) {
		return
	}
	if la.choice == setback.Unknown {
		lp.pick(la)
	}
	if la.label.Backing != nil {
		lp.wantSlot(la)
		return
	}
	lp.l.manager.Launch(lp.order(la))
}

// pick makes the choice of an attempt: the first that may have capacity. With none such it is the one whose mark ends
// first, so that an attempt that counts is always one that was made.
func (lp *loop) pick(la *launch) {
	var ok bool
	if la.choice, ok = lp.l.setbacks.Choose(la.label, la.without, la.began); !ok {
		la.choice = lp.l.setbacks.Soonest(la.label)
	}
}

// next begins the attempt that follows one whose remains are gone, in its time: what the cleanup took is part of the wait.
func (lp *loop) next(la *launch) {
	la.attempt++
	la.phase = waiting
	wait := la.wait - time.Since(la.left.since)
	la.wait = 0
	if wait <= 0 {
		lp.goOn(la)
		return
	}
	lp.after(wait, func() { lp.goOn(la) })
}

// goOn begins the next attempt of a launch unless nobody waits for it any more.
func (lp *loop) goOn(la *launch) {
	switch {
	case la.phase != waiting || lp.launches[la.node.ID] != la:
	case lp.view.Requests[la.handler.Request] == nil:
		lp.launchFailed(la, errCancelled, record.NodeFailed)
	default:
		lp.start(la)
	}
}

// attemptFailed remembers what a failed attempt tells of the cloud and does what its class asks for. block is its module
// block for people to read, "" for none.
func (lp *loop) attemptFailed(la *launch, err error, block string) {
	la.reason = err
	class, retries := execute.ClassOf(err), attempts(la.label)
	number, choice := fmt.Sprintf("%d/%d", la.counted, retries), la.choiceText()
	v, next := lp.follow(la, failure{class: class, attempt: la.counted, attempts: retries, wanted: lp.view.Requests[la.handler.Request] != nil})
	lp.log.Warn("launch attempt failed", "node", la.node.ID, "request", la.handler.Request, "provider", la.node.Provider, "pool", la.node.Pool,
		"label", la.label.Name, "tenant", la.node.TenantName, "workspace", la.ws, "attempt", number, "choice", choice, "class", class, "policy", policy(class), "next", next,
		"dur", time.Since(la.began).Round(time.Millisecond), "err", err)
	lp.launched(la, err)
	lp.l.history.failed(status.Failure{
		At: time.Now(), Op: "launch", Provider: la.node.Provider, Pool: la.node.Pool, Label: la.label.Name, Node: la.node.ID, Request: la.handler.Request,
		Workspace: la.ws, Attempt: la.attempt, Class: string(class), Text: err.Error(), Next: next, Block: block,
	}, !lp.zookeeperAway(err))
	switch v {
	case abort:
		lp.launchFailed(la, err, record.NodeAborted)
	case fail:
		lp.launchFailed(la, err, record.NodeFailed)
	default:
		lp.clean(la)
	}
}

// errCancelled is why a launch ends that nobody waits for any more.
var errCancelled = errors.New("request was cancelled")

// attempts is how many of a label's launch count.
func attempts(l *config.PoolLabel) int { return l.Pool.Provider.LaunchRetries }

// errNoAttempt is why a node fails that is never tried.
var errNoAttempt = errors.New("launch-retries is 0: no attempt is made")

// follow decides what follows a failure, in words too, and prepares the next attempt.
func (lp *loop) follow(la *launch, f failure) (v verdict, next string) {
	known := lp.remember(la, &f)
	v = judge(f)
	switch v {
	case abort:
		next = fmt.Sprintf("the request waits; a new node is launched in %s, or when nodes of the provider are gone", roughly(time.Until(known.Until)))
	case fail:
		next = "the node fails"
	case again:
		if execute.Unreachable(la.reason) || errors.Is(la.reason, errSilent) {
			la.wait = awayWait(la.counted, rand.Float64())
		}
		la.counted, la.without, la.choice = la.counted+1, nil, setback.Unknown
		if next = fmt.Sprintf("attempt %d", la.counted); la.wait > 0 {
			next += fmt.Sprintf(" in %s", roughly(la.wait))
		}
	case another:
		la.choice = f.next
		next = "choice " + la.choiceText() + " at once"
	case later:
		la.wait = throttleWait(la.throttled, rand.Float64())
		next = fmt.Sprintf("it is tried again in %s, throttled %d times of %d", roughly(la.wait), la.throttled, mostThrottled)
	}
	return v, next
}

// remember notes what the failure tells of quota, capacity or label, and completes f with what is known then.
func (lp *loop) remember(la *launch, f *failure) (known setback.State) {
	if lp.labelNow(la) != la.label { // what it tells is of a configuration that is gone: it is tried again with the new one
		f.class = execute.Unknown
		return known
	}
	if stale(la.reason) {
		lp.l.clouds.Again(la.node.Provider)
	}
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
		f.next, f.choice = m.Choose(la.label, la.without, now)
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
