package reconciler

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// backingLockTime is how long the lock of a backing node is waited for (protocol.md 3.3).
const backingLockTime = 30 * time.Second

// askBacking creates a request for a backing node. It is ephemeral: without us nobody wants the node.
func (lp *loop) askBacking(s *slots, a metastatic.Ask) {
	b := &backing{Backing: metastatic.Backing{Key: a.Key, Mark: a.Mark, Phase: metastatic.Asked}}
	s.nextKey = max(s.nextKey, a.Key+1)
	s.backing = append(s.backing, b)
	id := uuid.New()
	r := &record.Request{NodeTypes: []string{a.Backing}, Requestor: a.Mark.Owner, Reuse: true, EventID: hex.EncodeToString(id[:])}
	r.SetState(record.RequestRequested, time.Now())
	lp.do(func(ctx context.Context) {
		name, err := lp.s.Create(ctx, requestsPath+"/"+metastatic.Prefix, r.Encode(), zk.FlagEphemeral|zk.FlagSequence)
		lp.post(func() {
			if err != nil {
				lp.after(errorRetry, func() { lp.askedUnclear(s, b, r, err) })
				return
			}
			r.ID = path.Base(name)
			lp.asked(s, b, r)
		})
	})
}

// asked notes the request that is there.
func (lp *loop) asked(s *slots, b *backing, r *record.Request) {
	lp.slotsDue = true
	if s.find(b.Key) != b { // dropped meanwhile
		lp.deleteRequest(r.ID)
		return
	}
	lp.log.Info("backing node asked for", "request", r.ID, "provider", s.provider.Name, "label", b.Label, "backing_label", r.NodeTypes[0])
	if lp.view.Requests[r.ID] == nil { // else the cache was faster
		lp.seeRequest(r.ID, r, 0)
	}
	b.request, b.Phase = r.ID, metastatic.Awaited
}

// askedUnclear looks whether a request whose reply was lost was created all the same.
func (lp *loop) askedUnclear(s *slots, b *backing, r *record.Request, err error) {
	for _, known := range lp.view.Requests {
		if known.EventID == r.EventID && known.Requestor == r.Requestor {
			lp.asked(s, b, known.Request)
			return
		}
	}
	lp.log.Warn("a backing node could not be asked for; it is tried again", "provider", s.provider.Name, "label", b.Label, "err", err)
	lp.dropBacking(s, b)
}

// dropBacking forgets a backing node: who was to get a slot of it gets another.
func (lp *loop) dropBacking(s *slots, b *backing) {
	s.drop(b)
	for id := range s.seats {
		if seat := lp.seatOf(s, id); seat != nil && seat.la.phase == applying && seat.at != nil && seat.at.Key == b.Key {
			seat.at = nil
		}
	}
	lp.slotsDue = true
	lp.post(func() {}) // a pass follows
}

// adoptBacking takes the node that a request brought: locked for longer than this session, marked as ours, and only then
// without its request (protocol.md 7.5 step 4).
func (lp *loop) adoptBacking(s *slots, b *backing, id string) {
	b.Phase = metastatic.Adopting
	lk, request, mark := s.lock, b.request, b.Mark
	lp.do(func(ctx context.Context) {
		n, contender, mzxid, err := lp.markBacking(ctx, lk, id, request, mark)
		lp.post(func() {
			lp.deleteRequest(request)
			switch {
			case lp.ctx.Err() != nil:
			case err != nil:
				lp.log.Warn("backing node could not be taken; another one is asked for", "node", id, "request", request, "provider", s.provider.Name, "err", err)
				lp.lostWith(s, b, err.Error())
				lp.checkSlotsLock(s, lk)
			case s.find(b.Key) != b:
				lp.abandonBacking(s, id, contender)
			default:
				lp.log.Info("backing node taken", "node", id, "request", request, "provider", s.provider.Name, "label", b.Label, "slots", b.Slots)
				lp.seeNode(id, n, mzxid)
				b.Phase, b.Node, b.request, b.contender = metastatic.Held, id, "", contender
				lp.slotsDue = true
			}
		})
	})
}

func (lp *loop) markBacking(ctx context.Context, lk *lock.Lock, id, request string, mark metastatic.Mark) (n *record.Node, contender string, mzxid int64, err error) {
	limited, cancel := context.WithTimeout(ctx, backingLockTime)
	defer cancel()
	contender, err = lock.Keep(limited, lp.s, nodeLockPath(id), mark.Owner)
	if err != nil {
		return nil, "", 0, err
	}
	data, stat, err := lp.s.Get(ctx, nodePath(id))
	if err == nil {
		n, err = record.ParseNode(id, data)
	}
	if err == nil && (n.State != record.NodeReady || n.AllocatedTo != request) {
		err = errTaken
	}
	if err == nil {
		n.UserData = mark.Encode()
		n.SetState(record.NodeInUse, time.Now())
		var written zk.Stat
		written, err = lock.Write(ctx, lp.s, []any{lk.Check(), session.CheckOp(contender, -1)}, nodePath(id), n.Encode(), stat.Version)
		mzxid = written.Mzxid
	}
	if err != nil {
		_ = lp.s.Delete(ctx, contender, -1) // a session that ends leaves it to the next start
		return nil, "", 0, err
	}
	return n, contender, mzxid, nil
}

// deleteRequest ends a request of ours. One that cannot be deleted ends with the session.
func (lp *loop) deleteRequest(id string) {
	lp.do(func(ctx context.Context) {
		err := lp.s.Delete(ctx, requestPath(id), -1)
		lp.post(func() {
			switch {
			case err == nil, errors.Is(err, zk.ErrNoNode):
				lp.seeRequest(id, nil, 0)
			case lp.ctx.Err() == nil:
				lp.after(errorRetry, func() { lp.deleteRequest(id) })
			}
		})
	})
}

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

// releaseBacking gives a backing node back: used, and unlocked in the same step, for its own provider to delete.
func (lp *loop) releaseBacking(s *slots, b *backing, reason string) {
	b.Phase = metastatic.Leaving
	lk, id, contender := s.lock, b.Node, b.contender
	lp.do(func(ctx context.Context) {
		n, err := lp.unlockUsed(ctx, []any{lk.Check()}, id, contender)
		lp.post(func() {
			lp.slotsDue = true
			switch {
			case lp.ctx.Err() != nil || s.find(b.Key) != b:
			case errors.Is(err, zk.ErrNoNode): // it, its lock, or the lock on the slots is gone
				b.Phase = metastatic.Held
				lp.checkSlotsLock(s, lk)
				lp.checkBacking(s, b)
			case err != nil:
				lp.log.Warn("backing node could not be given back; it is tried again", "node", id, "provider", s.provider.Name, "err", err)
				lp.after(errorRetry, func() { b.Phase = metastatic.Held })
			default:
				lp.log.Info("backing node given back", "node", id, "provider", s.provider.Name, "label", b.Label, "reason", reason)
				s.drop(b)
				lp.seeNode(id, n, 0)
			}
		})
	})
}

// unlockUsed writes used, unless the record is past that, and removes the lock, if that is still the given one.
func (lp *loop) unlockUsed(ctx context.Context, checks []any, id, contender string) (*record.Node, error) {
	for {
		data, stat, err := lp.s.Get(ctx, nodePath(id))
		if err != nil {
			return nil, err
		}
		n, err := record.ParseNode(id, data)
		if err != nil {
			return nil, err
		}
		ops := append(checks[:len(checks):len(checks)], session.DeleteOp(contender, -1))
		if n.State == record.NodeInUse || n.State == record.NodeReady {
			n.SetState(record.NodeUsed, time.Now())
			ops = append(ops, session.SetOp(nodePath(id), n.Encode(), stat.Version))
		}
		_, err = lp.s.Multi(ctx, ops...)
		if errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrConnectionClosed) {
			continue
		}
		return n, err
	}
}

// abandonBacking ends what an earlier life left half done: a node that was locked and never marked, or marked as used and
// never unlocked (protocol.md 7.4, 7.7).
func (lp *loop) abandonBacking(s *slots, id, contender string) {
	lp.do(func(ctx context.Context) {
		n, err := lp.unlockUsed(ctx, nil, id, contender)
		lp.post(func() {
			switch {
			case err == nil:
				lp.log.Info("backing node given back", "node", id, "provider", s.provider.Name, "reason", "taking it, or giving it back, was interrupted")
				lp.seeNode(id, n, 0)
			case !errors.Is(err, zk.ErrNoNode) && lp.ctx.Err() == nil:
				lp.after(errorRetry, func() { lp.abandonBacking(s, id, contender) })
			}
		})
	})
}

// checkSlotsLock looks whether the lock on the slots is still there.
func (lp *loop) checkSlotsLock(s *slots, lk *lock.Lock) {
	lp.do(func(ctx context.Context) {
		if ok, _, err := lp.s.Exists(ctx, lk.Contender()); err == nil && !ok {
			lp.post(func() { lp.lostSlots(s, lk) })
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
