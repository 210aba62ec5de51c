package reconciler

import (
	"context"
	"encoding/hex"
	"errors"
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
