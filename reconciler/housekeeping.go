package reconciler

import (
	"context"
	"time"
)

// orphanAge is how long a node's record must have been missing before its resources are destroyed: two sightings, a
// minute apart (protocol.md 4.9).
const orphanAge = 60 * time.Second

// requestLockAge is the age at which the lock directory of a vanished request is removed (protocol.md 4.9).
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
	known := map[string]bool{}
	for id := range lp.view.Requests {
		known[id] = true
	}
	lp.do(func(ctx context.Context) {
		ids, _, err := lp.s.Children(ctx, requestLocksPath)
		if err != nil {
			return
		}
		for _, id := range ids {
			if known[id] {
				continue
			}
			ok, stat, err := lp.s.Exists(ctx, requestLockPath(id))
			if err != nil || !ok || time.Since(time.UnixMilli(stat.Mtime)) < requestLockAge {
				continue
			}
			if exists, _, err := lp.s.Exists(ctx, requestPath(id)); err != nil || exists {
				continue
			}
			if err := lp.s.DeleteAll(ctx, requestLockPath(id)); err != nil && ctx.Err() == nil {
				lp.log.Warn("remove lock of a vanished request", "request", id, "err", err)
			}
		}
	})
}
