package reconciler

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// refused drops a request that brought nothing: each attempt that waits for it fails (protocol.md 7.5 step 4).
func (lp *loop) refused(s *slots, b *backing, reason string) {
	if b.request != "" {
		lp.deleteRequest(b.request)
	}
	var failed []*launch
	for id := range s.seats {
		if seat := lp.seatOf(s, id); seat != nil && seat.la.phase == applying && seat.at != nil && seat.at.Key == b.Key {
			failed = append(failed, seat.la)
		}
	}
	lp.dropBacking(s, b)
	for _, la := range failed {
		lp.attemptFailed(la, fmt.Errorf("get a backing node with label %s: %s", la.label.Backing.Label, reason), "")
	}
}

// loseBacking drops a backing node that is not ours any more. What runs on it is left alone; a lock that is left of ours
// is given back, for else nobody could delete the node.
func (lp *loop) loseBacking(s *slots, b *backing, reason string) {
	lp.log.Warn("backing node is lost; what needs a slot gets another", "node", b.Node, "provider", s.provider.Name, "label", b.Label, "reason", reason)
	contender := b.contender
	lp.lostWith(s, b, reason)
	lp.do(func(ctx context.Context) { _ = lp.s.Delete(ctx, contender, -1) }) // mostly gone already
}

// mostLost is how many backing nodes may be lost under an attempt without counting.
const mostLost = 10

// lostWith drops a backing node without a fault of who waits for it, up to a point.
func (lp *loop) lostWith(s *slots, b *backing, reason string) {
	var failed []*launch
	for id := range s.seats {
		seat := lp.seatOf(s, id)
		if seat != nil && seat.la.phase == applying && seat.at != nil && seat.at.Key == b.Key {
			if seat.lost++; seat.lost >= mostLost {
				failed = append(failed, seat.la)
			}
		}
	}
	lp.dropBacking(s, b)
	for _, la := range failed {
		lp.attemptFailed(la, fmt.Errorf("%d backing nodes were lost one after the other; the last one because %s", mostLost, reason), "")
	}
}

// cancelBacking withdraws a request whose node nobody needs any more.
func (lp *loop) cancelBacking(s *slots, b *backing) {
	lp.log.Info("backing node is not needed any more", "request", b.request, "provider", s.provider.Name, "label", b.Label)
	lp.deleteRequest(b.request)
	lp.dropBacking(s, b)
}

// checkSlotsLock looks whether the lock on the slots is still there.
func (lp *loop) checkSlotsLock(s *slots, lk *lock.Lock) {
	lp.do(func(ctx context.Context) {
		if ok, _, err := lp.s.Exists(ctx, lk.Contender()); err == nil && !ok {
			lp.post(func() { lp.lostSlots(s, lk, lockGone) })
		}
	})
}

// checkBacking looks without the cache whether a backing node is still ours, and drops it if not.
func (lp *loop) checkBacking(s *slots, b *backing) {
	lp.do(func(ctx context.Context) {
		_, err := lp.readBacking(ctx, b.Node, b.contender, b.Owner)
		lp.post(func() {
			var lost *backingLostError
			if errors.As(err, &lost) && s.find(b.Key) == b {
				lp.loseBacking(s, b, lost.reason)
			}
		})
	})
}

// backingLostError says why a backing node cannot be used any more.
type backingLostError struct{ reason string }

func (e *backingLostError) Error() string { return "backing node is lost: " + e.reason }

// errBackingFailed means that a backing node gets no new slots.
var errBackingFailed = errors.New("backing node was marked as failed")

// readBacking reads a backing node without the cache and makes sure that it is ours (protocol.md 7.7).
func (lp *loop) readBacking(ctx context.Context, id, contender, owner string) (*record.Node, error) {
	data, _, err := lp.s.Get(ctx, nodePath(id))
	var n *record.Node
	switch {
	case errors.Is(err, zk.ErrNoNode):
	case err != nil:
		return nil, err
	case len(data) > 0:
		if n, err = record.ParseNode(id, data); err != nil {
			return nil, &backingLostError{"its record cannot be read"}
		}
	}
	if why := metastatic.Lost(n, owner); why != "" {
		return nil, &backingLostError{why}
	}
	holder, err := lock.HolderOf(ctx, lp.s, nodeLockPath(id))
	switch mark, _ := metastatic.MarkOf(n); {
	case err != nil:
		return nil, err
	case holder.Contender != contender || holder.Data != owner:
		return nil, &backingLostError{"its lock is not ours any more"}
	case mark.Failed:
		return n, errBackingFailed
	}
	return n, nil
}
