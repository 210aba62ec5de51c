package reconciler

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// seizeSlots waits for the lock on a provider's slots.
func (lp *loop) seizeSlots(s *slots, dir string) {
	lp.do(func(context.Context) {
		err := lp.s.EnsurePath(s.ctx, slotsPath)
		var lk *lock.Lock
		if err == nil {
			lk, err = lock.Acquire(s.ctx, lp.s, dir, lp.l.fqdn)
		}
		lp.post(func() {
			switch {
			case err == nil && s.ctx.Err() != nil:
				release(lp.ctx, lk)
			case err == nil:
				s.lock = lk
				lp.log.Info("slots are given by this launcher", "provider", s.provider.Name)
				lp.learnSlots(s)
			case s.ctx.Err() == nil:
				lp.log.Warn("the lock on a provider's slots could not be taken; it is tried again", "provider", s.provider.Name, "err", err)
				lp.after(errorRetry, func() { lp.seizeSlots(s, dir) })
			}
		})
	})
}

// leaveSlots lets the next launcher that waits give them. Requests that wait for a backing node are withdrawn; backing
// nodes stay locked for whoever comes.
func (lp *loop) leaveSlots(s *slots) {
	s.leave()
	for _, b := range s.backing {
		if b.request != "" {
			lp.deleteRequest(b.request)
		}
	}
	s.backing = nil
	for _, seat := range s.seats {
		if lp.launches[seat.la.node.ID] == seat.la && seat.la.phase == applying {
			lp.launchFailed(seat.la, errUnconfigured, record.NodeFailed)
		}
	}
	if lk := s.lock; lk != nil {
		s.lock = nil
		lp.do(func(ctx context.Context) { release(ctx, lk) })
	}
}

// lockGone is why slots are not given.
const lockGone = "the lock on them is gone; it is taken again"

// lostSlots begins anew after somebody removed the lock, or serves the provider without it. What is being launched waits.
func (lp *loop) lostSlots(s *slots, lk *lock.Lock, why string) {
	if s.lock != lk || lk == nil {
		return
	}
	lp.log.Warn("slots of a provider are not given by this launcher for now", "provider", s.provider.Name, "reason", why)
	s.lock, s.known = nil, false
	for _, b := range s.backing {
		if b.request != "" {
			lp.deleteRequest(b.request)
		}
	}
	s.backing = nil
	for _, seat := range s.seats {
		seat.at = nil
	}
	lp.serveSlots(s.provider.Name)
	lp.syncPools()
	lp.do(func(ctx context.Context) {
		release(ctx, lk)
		lp.post(func() {
			if s.ctx.Err() == nil {
				lp.seizeSlots(s, lk.Dir())
			}
		})
	})
}

// contested reports whether somebody who does not know of our lock, as Nodepool, serves a provider.
func (lp *loop) contested(provider string) bool {
	own := slices.Collect(maps.Values(lp.l.own))
	for id, p := range lp.view.Pools {
		if p.ProviderName == provider && !slices.Contains(own, id) {
			return true
		}
	}
	return false
}

// contestTime is how long somebody else must be registered beside us: our own registrations come and go meanwhile.
const contestTime = 2 * time.Second

// yields leaves a provider to somebody who began to serve it and does not know of our lock. That one counts the slots that
// are in use when it starts, and no later ones; what both gave until now stays.
func (lp *loop) yields(s *slots) bool {
	switch now := time.Now(); {
	case !lp.contested(s.provider.Name):
		s.contested = time.Time{}
		return false
	case s.contested.IsZero():
		s.contested, lp.slotsDue = now, true // looked at again with the next pass
		return false
	case now.Sub(s.contested) < contestTime:
		lp.slotsDue = true
		return false
	}
	s.contested, s.contests = time.Time{}, mostContests
	lp.lostSlots(s, s.lock, "another launcher began to serve the provider and does not know of our lock (Nodepool's is one); slots are given again when it is gone")
	return true
}

// contestedRetry is how often it is looked whether the other one is gone. That one's death may not have been seen yet:
// it is told of after mostContests.
const (
	contestedRetry = 200 * time.Millisecond
	mostContests   = 10
)

// learnSlots reads what there is: records of the provider that the cache has not told of or whose change it has not, and
// the provider's backing nodes. The list costs a name for each node of the fleet, once each time the lock is taken.
func (lp *loop) learnSlots(s *slots) {
	name := s.provider.Name
	if lp.contested(name) {
		if s.contests++; s.contests == mostContests {
			lp.log.Warn("another launcher serves a metastatic provider and does not know of our lock: stop it (Nodepool's is one); nobody here gives its slots until it is gone", "provider", name)
		}
		lp.after(contestedRetry, func() {
			if s.lock != nil {
				lp.learnSlots(s)
			}
		})
		return
	}
	lp.do(func(ctx context.Context) {
		ids, _, err := lp.s.Children(ctx, nodesPath)
		lp.post(func() {
			ids = slices.DeleteFunc(ids, func(id string) bool {
				n := lp.view.Nodes[id]
				return n == nil && lp.unclear[nodePath(id)] || n != nil && n.Provider != name && !metastatic.Candidate(n.Node, name)
			})
			lp.readSlots(s, ids, err)
		})
	})
}

type slotRead struct {
	n      *record.Node
	mzxid  int64
	holder lock.Holder // of candidates
}

func (lp *loop) readSlots(s *slots, ids []string, err error) {
	name, lk := s.provider.Name, s.lock
	lp.do(func(ctx context.Context) {
		var found []slotRead
		for _, id := range ids {
			var r slotRead
			if err == nil {
				r, err = lp.readSlot(ctx, id, name)
			}
			if err != nil {
				break
			}
			if r.n != nil {
				found = append(found, r)
			}
		}
		lp.post(func() {
			switch {
			case s.lock != lk || lk == nil:
			case err != nil:
				lp.after(errorRetry, func() {
					if s.lock == lk {
						lp.learnSlots(s)
					}
				})
			default:
				lp.slotsKnown(s, found)
			}
		})
	})
}

func (lp *loop) readSlot(ctx context.Context, id, provider string) (r slotRead, err error) {
	data, stat, err := lp.s.Get(ctx, nodePath(id))
	if errors.Is(err, zk.ErrNoNode) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	n, err := record.ParseNode(id, data)
	if err != nil {
		return r, nil //nolint:nilerr // it is no node of anybody's
	}
	r = slotRead{n: n, mzxid: stat.Mzxid}
	if metastatic.Candidate(n, provider) {
		r.holder, err = lock.HolderOf(ctx, lp.s, nodeLockPath(id))
	}
	return r, err
}

// slotsKnown takes up the backing nodes that were found, and begins to serve.
func (lp *loop) slotsKnown(s *slots, found []slotRead) {
	owner := metastatic.Owner(s.provider.Name)
	for _, r := range found {
		lp.seeNode(r.n.ID, r.n, r.mzxid)
		switch metastatic.Judge(r.n, owner, r.holder.Data, r.holder.Kept) {
		case metastatic.Ours:
			mark, _ := metastatic.MarkOf(r.n)
			s.backing = append(s.backing, &backing{
				Backing:   metastatic.Backing{Key: s.nextKey, Mark: mark, Phase: metastatic.Held, Node: r.n.ID, IdleSince: time.Now()},
				contender: r.holder.Contender,
			})
			s.nextKey++
			lp.log.Info("backing node found", "node", r.n.ID, "provider", s.provider.Name, "label", mark.Label, "slots", mark.Slots)
		case metastatic.Abandoned:
			lp.abandonBacking(s, r.n.ID, r.holder.Contender)
		}
	}
	s.known, lp.slotsDue = true, true
	lp.syncPools()
}
