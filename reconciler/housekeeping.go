package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// orphanAge is how long a node's record must have been missing before its resources are destroyed: two sightings, a
// minute apart (protocol.md 4.9).
const orphanAge = 60 * time.Second

// requestLockAge is the age at which the lock directory of a vanished request is removed (protocol.md 4.9): that of its
// data, which nobody writes, so that ZooKeeper's clock alone says when it was made.
const requestLockAge = 8 * time.Hour

// orphans destroys what workspaces hold of nodes that have no record: something in a state that no node record wants
// is destroyed (design.md).
func (lp *loop) orphans() {
	if time.Since(lp.lastOrphans) < orphanAge/4 {
		return
	}
	lp.lastOrphans = time.Now()
	seen := map[string]time.Time{}
	for _, id := range lp.l.manager.Nodes() {
		if lp.view.Nodes[id] != nil || lp.launches[id] != nil || lp.deletions[id] != nil {
			continue
		}
		first, known := lp.missing[id]
		if !known {
			first = time.Now()
		}
		seen[id] = first
		if time.Since(first) >= orphanAge {
			lp.destroyOrphan(id)
		}
	}
	lp.missing = seen
}

// destroyOrphan looks once more, without the cache.
func (lp *loop) destroyOrphan(id string) {
	lp.do(func(ctx context.Context) {
		if exists, _, err := lp.s.Exists(ctx, nodePath(id)); err != nil || exists {
			return
		}
		lp.log.Warn("resources of a node without a record are destroyed", "node", id)
		lp.l.manager.Destroy(id)
	})
}

// requestLocks removes the lock directories of requests long gone.
func (lp *loop) requestLocks() {
	if time.Since(lp.lastLocks) < locksEvery {
		return
	}
	lp.lastLocks = time.Now()
	known := make(map[string]bool, len(lp.view.Requests))
	for id := range lp.view.Requests {
		known[id] = true
	}
	lp.do(func(ctx context.Context) {
		if err := removeRequestLocks(ctx, lp.s, known, time.Now()); err != nil && ctx.Err() == nil {
			lp.log.Warn("locks of vanished requests could not all be removed; it is tried again", "next_try", locksEvery, "err", err)
		}
	})
}

// removeRequestLocks removes, held or not, the lock directories that nobody has entered for requestLockAge and whose
// request is not there. Those of the known requests are passed over without a look. One that cannot be removed keeps no
// other from it.
func removeRequestLocks(ctx context.Context, s *session.Session, known map[string]bool, now time.Time) error {
	ids, _, err := s.Children(ctx, requestLocksPath)
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		if known[id] {
			continue
		}
		if err := removeRequestLock(ctx, s, id, now); err != nil {
			failed = append(failed, fmt.Errorf("request %s: %w", id, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

func removeRequestLock(ctx context.Context, s *session.Session, id string, now time.Time) error {
	ok, stat, err := s.Exists(ctx, requestLockPath(id))
	if err != nil || !ok || now.Sub(time.UnixMilli(stat.Mtime)) <= requestLockAge {
		return err
	}
	if exists, _, err := s.Exists(ctx, requestPath(id)); err != nil || exists {
		return err
	}
	return s.DeleteAll(ctx, requestLockPath(id))
}
