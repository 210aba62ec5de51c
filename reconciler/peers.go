package reconciler

import (
	"context"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/store"
)

const (
	peersEvery = 5 * time.Second
	// takeAfter is how long a launcher must have been gone before its workspaces are taken over and its requests put back:
	// a restart takes less, and goes on where it was.
	takeAfter = 15 * time.Second
)

// peer is another launcher that keeps workspaces in this ZooKeeper tree.
type peer struct {
	alive   bool
	version int32           // of its znode: another one means that it has held its lease again
	gone    time.Time       // when it was first seen without its lease
	left    map[string]bool // providers of the workspaces that it still has; nil: not looked at
}

// peers knows the other launchers, and takes over what the dead ones left. It is good for one session.
type peers struct {
	lp    *loop
	store *store.Store

	mu      sync.Mutex
	known   map[string]*peer
	listed  bool                 // known is complete
	unknown map[string]time.Time // owners of nodes that are not among known: first sighting
	stuck   map[string]stuck     // workspaces that could not be taken over
	missing bool                 // some are ours now and lie not here yet: whose nodes they hold is not known
}

// watch looks at the other launchers until ctx ends.
func (p *peers) watch(ctx context.Context) {
	for {
		select {
		case <-time.After(p.look(ctx)):
		case <-ctx.Done():
			return
		}
	}
}

// look looks once, and tells when the next look is due: when the wait for a launcher is over, if that is sooner.
func (p *peers) look(ctx context.Context) (next time.Duration) {
	next = peersEvery
	others, err := p.store.Others(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.lp.log.Warn("the other launchers cannot be listed", "err", err)
		}
		return next
	}
	now := time.Now()
	p.mu.Lock()
	before := p.known
	p.known = map[string]*peer{}
	var dead []store.Launcher
	for _, o := range others {
		is := since(before[o.ID], o, now)
		p.known[o.ID] = is
		if o.Alive {
			continue
		}
		if wait := takeAfter - now.Sub(is.gone); wait > 0 {
			next = min(next, wait)
		} else {
			dead = append(dead, o)
		}
	}
	changed := !p.listed || len(before) != len(p.known)
	for id, is := range p.known {
		changed = changed || before[id] == nil || before[id].alive != is.alive
	}
	for id, first := range p.unknown {
		if p.known[id] != nil {
			delete(p.unknown, id)
		} else if age := now.Sub(first); age >= takeAfter && age < takeAfter+2*peersEvery {
			changed = true // see foreign
		}
	}
	changed = p.noteMissing() || changed
	p.listed = true
	p.unstick(func(at stuck) bool { return p.known[at.Launcher] != nil && !p.known[at.Launcher].alive })
	p.mu.Unlock()
	for _, o := range others {
		if !o.Alive {
			p.note(ctx, o, now)
		}
	}
	for _, o := range dead {
		changed = p.takeOver(ctx, o) || changed
	}
	if changed {
		p.lp.post(p.lp.reviewOwners)
	}
	return next
}

// since is what is known of a launcher, nil for nothing, and what is seen of it now. One that came and went while nobody
// looked has died anew: a run that it began in between is waited for.
func since(was *peer, o store.Launcher, now time.Time) *peer {
	is := &peer{alive: o.Alive, version: o.Version}
	switch {
	case o.Alive:
	case was == nil || was.alive || was.version != o.Version:
		is.gone = now.Add(-o.Gone)
	default:
		is.gone, is.left = was.gone, was.left
	}
	return is
}

// note keeps for how long a launcher has been gone: after a restart of this one the wait for its runs must not begin anew.
func (p *peers) note(ctx context.Context, o store.Launcher, now time.Time) {
	p.mu.Lock()
	gone := now.Sub(p.known[o.ID].gone)
	p.mu.Unlock()
	if err := p.store.NoteGone(ctx, o, gone); err != nil && ctx.Err() == nil {
		p.lp.log.Warn("it cannot be noted for how long a launcher has been gone", "launcher", o.ID, "err", err)
	}
}

// noteMissing notes whether workspaces that were taken, or lost with the disk, lie not here yet. Callers hold mu.
func (p *peers) noteMissing() (changed bool) {
	before := p.missing
	p.missing = p.lp.l.manager.Missing()
	return p.missing != before
}
