package reconciler

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/semaphore"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// maxTakes bounds the workspaces taken over at one time.
const maxTakes = 32

// takeOver takes the workspaces that a dead launcher left and that we can serve. It reports whether anything changed.
func (p *peers) takeOver(ctx context.Context, from store.Launcher) (changed bool) {
	id := from.ID
	ids, err := p.store.Of(ctx, id)
	if err != nil {
		return false
	}
	if len(ids) > 0 { // it learns from this that what it misses was taken, and not lost with ZooKeeper's data
		path := membersPath + "/" + id
		if err := p.lp.s.EnsurePath(ctx, path); err != nil {
			return false
		}
		if _, err := p.lp.s.Set(ctx, path, nil, -1); err != nil {
			return false
		}
	}
	p.mu.Lock()
	is := p.known[id]
	gone := time.Since(is.gone)
	first := is.left == nil
	p.mu.Unlock()
	var (
		wg    sync.WaitGroup
		slots = semaphore.NewWeighted(maxTakes)
		mu    sync.Mutex
		left  = map[string]bool{}
		taken []string
	)
	for _, ws := range ids {
		if slots.Acquire(ctx, 1) != nil {
			break
		}
		wg.Go(func() {
			defer slots.Release(1)
			provider, nodes, ok := p.takeOne(ctx, from, ws, gone)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				p.setStuck(ws, stuck{})
				taken = append(taken, nodes...)
			} else {
				left[provider] = true
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return false
	}
	p.mu.Lock()
	changed = first || len(taken) > 0 || len(left) != len(is.left)
	is.left = left
	changed = p.noteMissing() || changed
	p.unstick(func(at stuck) bool { return at.Launcher != id || slices.Contains(ids, at.Workspace) })
	p.mu.Unlock()
	if len(taken) > 0 {
		p.lp.log.Warn("workspaces of a launcher that is gone were taken over", "launcher", id, "nodes", len(taken), "gone", gone.Round(time.Second), "left", len(left))
	}
	if len(left) == 0 {
		if err := p.store.Forget(ctx, id); err != nil && ctx.Err() == nil {
			p.lp.log.Warn("a launcher that is gone could not be removed", "launcher", id, "err", err)
		}
	}
	return changed
}

// anyProvider stands for a workspace whose provider is not known.
const anyProvider = ""

// takeOne takes a workspace. Not ok: it is still there, and for which provider.
func (p *peers) takeOne(ctx context.Context, from store.Launcher, id string, gone time.Duration) (provider string, nodes []string, ok bool) {
	p.mu.Lock()
	at := p.stuck[id]
	p.mu.Unlock()
	if time.Now().Before(at.retry) {
		return at.Provider, nil, false
	}
	d, err := p.store.Get(ctx, id)
	wait := func(provider, why string, d time.Duration) {
		if p.setStuck(id, stuck{status.Stuck{Workspace: id, Launcher: from.ID, Provider: provider, Why: why}, time.Now().Add(d)}) {
			p.lp.log.Warn("a workspace of a launcher that is gone is not taken over", "workspace", id, "launcher", from.ID, "provider", provider, "why", why)
		}
	}
	switch {
	case errors.Is(err, zk.ErrNoNode): // its first copy was never completed, or somebody deleted it: the pointer goes
		_, err := p.store.Take(ctx, from, id)
		return anyProvider, nil, p.without(ctx, err, from, id)
	case err != nil:
		wait(anyProvider, err.Error(), time.Minute)
		return anyProvider, nil, false
	case p.lp.l.config().Provider(d.Provider) == nil:
		return d.Provider, nil, false
	case d.Engine != p.lp.l.engine:
		wait(d.Provider, "it was made with "+d.Engine+", and terraform.product is another one here", time.Hour)
		return d.Provider, nil, false
	case d.Run != nil && gone < d.Run.Within:
		return d.Provider, nil, false // its run may go on
	case p.lp.l.manager.Full(): // told by itself
		return d.Provider, nil, false
	}
	whole, err := p.lp.l.manager.LoadState(ctx, id, d)
	if err != nil {
		wait(d.Provider, err.Error(), time.Minute)
		return d.Provider, nil, false
	}
	// The copy is the one that was read: only its launcher writes it, which has not been there since (see store.Take).
	if _, err := p.store.Take(ctx, from, id); err != nil {
		return d.Provider, nil, p.without(ctx, err, from, id)
	}
	if nodes, err = p.lp.l.manager.TakeIn(id, whole); err != nil && ctx.Err() == nil {
		p.lp.log.Error("a workspace of a launcher that is gone was taken over, but cannot be written here; it is tried again", "workspace", id, "launcher", from.ID, "err", err)
	}
	return d.Provider, nodes, true
}

// without tells of a workspace that could not be taken. It reports whether its launcher is without it all the same: it is
// gone, or somebody else's.
func (p *peers) without(ctx context.Context, err error, from store.Launcher, id string) bool {
	if err != nil && !errors.Is(err, store.ErrAlive) && !errors.Is(err, store.ErrLost) && ctx.Err() == nil {
		p.lp.log.Error("a workspace of a launcher that is gone could not be taken over; it is tried again", "workspace", id, "launcher", from.ID, "err", err)
	}
	return errors.Is(err, store.ErrLost) && !errors.Is(err, store.ErrLease)
}
