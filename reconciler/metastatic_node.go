package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// wantSlot has an attempt wait for a slot; launch-timeout covers the wait for a backing node.
func (lp *loop) wantSlot(la *launch) {
	s := lp.slots[la.node.Provider]
	if s == nil {
		lp.launchFailed(la, errUnconfigured, record.NodeFailed)
		return
	}
	s.seats[la.node.ID] = &seat{la: la, attempt: la.attempt, deadline: la.began.Add(la.label.Pool.Provider.LaunchTimeout)}
	lp.slotsDue = true
}

// slotWaits says how far a launch that waits for a slot is.
func (lp *loop) slotWaits(la *launch) string {
	s := lp.slots[la.node.Provider]
	if s == nil || s.lock == nil || !s.known {
		return "waiting for the launcher that gives the provider's slots"
	}
	seat := lp.seatOf(s, la.node.ID)
	if seat == nil || seat.at == nil {
		return "waiting for a slot"
	}
	if b := s.find(seat.at.Key); b != nil && b.request != "" {
		return "waiting for a backing node, request " + b.request
	}
	return "waiting for a backing node"
}

func (lp *loop) slotExpired(s *slots, seat *seat) {
	waits := lp.slotWaits(seat.la)
	delete(s.seats, seat.la.node.ID)
	lp.attemptFailed(seat.la, &execute.Error{
		Class: execute.Timeout, Op: "get a slot", Err: errors.New("still " + waits),
		Hint: "launch-timeout of provider " + s.provider.Name + " is " + seat.la.label.Pool.Provider.LaunchTimeout.String(),
	}, "")
}

// giveSlot completes an attempt.
func (lp *loop) giveSlot(s *slots, b *backing, seat *seat) {
	la, at := seat.la, *seat.at
	la.phase = finishing
	g := grant{slots: s.lock, node: la.node, label: la.label, backing: b.Node, contender: b.contender, owner: b.Owner, slot: at.Slot}
	made := time.Now()
	lp.do(func(ctx context.Context) {
		mzxid, err := lp.grant(ctx, g)
		lp.post(func() {
			lp.slotsDue = true
			if lp.launches[la.node.ID] != la || la.phase != finishing {
				return
			}
			lp.granted(s, b, seat, g, made, mzxid, err)
		})
	})
}

// granted notes what became of a slot that was to be given.
func (lp *loop) granted(s *slots, b *backing, seat *seat, g grant, made time.Time, mzxid int64, err error) {
	la := seat.la
	var lost *backingLostError
	var unreachable *unreachableError
	again := func() {
		la.phase = applying
		seat.at = nil
	}
	switch {
	case err == nil:
		lp.log.Info("slot given", "node", la.node.ID, "backing", g.backing, "slot", g.slot, "provider", la.node.Provider, "pool", la.node.Pool)
		lp.launchFinished(la, made, mzxid, nil)
	case lp.ctx.Err() != nil:
	case errors.As(err, &lost):
		la.phase = applying // it is among those that lost it
		if s.find(b.Key) == b {
			lp.loseBacking(s, b, lost.reason)
		} else {
			seat.at = nil
		}
	case errors.Is(err, errBackingFailed):
		b.Failed = true
		again()
	case errors.Is(err, errNotServing):
		again()
		lp.lostSlots(s, g.slots, lockGone)
	case errors.As(err, &unreachable):
		if s.find(b.Key) == b {
			lp.failBacking(s, b, unreachable.err)
		}
		lp.launchFinished(la, made, 0, unreachable.err)
	default:
		lp.launchFinished(la, made, 0, &lostError{err})
	}
}

// failBacking marks a backing node at which a scan failed: it gets no new slots (operator-surface.md 7.2).
func (lp *loop) failBacking(s *slots, b *backing, why error) {
	b.Failed = true
	lp.log.Warn("backing node failed: it gets no further nodes", "node", b.Node, "provider", s.provider.Name, "label", b.Label, "err", why)
	id, contender, owner, lk := b.Node, b.contender, b.Owner, s.lock
	lp.do(func(ctx context.Context) {
		for {
			data, stat, err := lp.s.Get(ctx, nodePath(id))
			if err != nil {
				return
			}
			n, err := record.ParseNode(id, data)
			if err != nil || metastatic.Lost(n, owner) != "" {
				return
			}
			mark, _ := metastatic.MarkOf(n)
			mark.Failed = true
			n.UserData = mark.Encode()
			written, err := lock.Write(ctx, lp.s, []any{lk.Check(), session.CheckOp(contender, -1)}, nodePath(id), n.Encode(), stat.Version)
			if errors.Is(err, zk.ErrBadVersion) {
				continue
			}
			if err == nil {
				lp.post(func() { lp.seeNode(id, n, written.Mzxid) })
			}
			return // without the mark the next slot finds out for itself
		}
	})
}

// grant is all it takes to give a slot.
type grant struct {
	slots                     *lock.Lock // on the provider's slots
	node                      *lockedNode
	label                     *config.PoolLabel
	backing, contender, owner string
	slot                      int
}

// unreachableError is a scan that failed: the backing node's fault.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }

var errNotServing = errors.New("the lock on the provider's slots is gone")

// grant writes a slot into a node's record. The transaction checks that the provider's slots are ours to give and that
// the backing node is ours. With host-key-checking the slot is written first, and READY once the node answered: a slot in
// use is never in memory alone.
func (lp *loop) grant(ctx context.Context, g grant) (mzxid int64, err error) {
	n := g.node
	back, err := lp.readBacking(ctx, g.backing, g.contender, g.owner)
	if err != nil {
		return 0, err
	}
	metastatic.Settle(n.Node, back, g.slot)
	n.Attributes = back.Attributes
	if own := g.label.Pool.NodeAttributes; len(own) > 0 {
		n.Attributes = mergeAttributes(back.Attributes, own)
	}
	if g.label.HostKeyChecking {
		if _, err := lp.claim(ctx, g); err != nil {
			return 0, err
		}
		if err := lp.scan(ctx, n.Node, g.label.Pool.Provider.BootTimeout); err != nil {
			return 0, &unreachableError{err}
		}
		if _, err := lp.readBacking(ctx, g.backing, g.contender, g.owner); err != nil && !errors.Is(err, errBackingFailed) {
			return 0, err
		}
	}
	state, since := n.State, n.StateTime
	n.SetState(record.NodeReady, time.Now())
	if mzxid, err = lp.claim(ctx, g); err != nil {
		n.State, n.StateTime = state, since // it may get another slot
	}
	return mzxid, err
}

// claim writes the node and finds out which lock is gone when it may not.
func (lp *loop) claim(ctx context.Context, g grant) (mzxid int64, err error) {
	mzxid, err = g.node.save(ctx, lp.s, g.slots.Check(), session.CheckOp(g.contender, -1))
	if !errors.Is(err, zk.ErrNoNode) {
		return mzxid, err
	}
	for _, of := range []struct {
		contender string
		gone      error
	}{
		{g.slots.Contender(), errNotServing},
		{g.contender, &backingLostError{"its lock is gone"}},
	} {
		ok, _, existsErr := lp.s.Exists(ctx, of.contender)
		if existsErr != nil {
			return 0, fmt.Errorf("%w; %w", err, existsErr)
		}
		if !ok {
			return 0, of.gone
		}
	}
	return 0, err
}
