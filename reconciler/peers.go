package reconciler

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/semaphore"

	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

const (
	peersEvery = 5 * time.Second
	// takeAfter is how long a launcher must have been gone before its workspaces are taken over and its requests put back:
	// a restart takes less, and goes on where it was.
	takeAfter = 15 * time.Second
	// maxTakes bounds the workspaces taken over at one time.
	maxTakes = 32
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
		p.lp.log.Error("a workspace of a launcher that is gone was taken over, but cannot be written here; it is tried again each minute", "workspace", id, "launcher", from.ID, "err", err)
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

// noteMissing notes whether workspaces that were taken, or lost with the disk, lie not here yet. Callers hold mu.
func (p *peers) noteMissing() (changed bool) {
	before := p.missing
	p.missing = p.lp.l.manager.Missing()
	return p.missing != before
}

// foreign reports whether a node of another launcher (or Nodepool's) is none of our business: its resources are, or may
// be, in a workspace that another launcher keeps. Only who keeps it can destroy it; deleting the record would make its
// resources forgotten.
func (p *peers) foreign(owner, provider string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if owner == "" || !p.listed || p.missing {
		return true
	}
	o := p.known[owner]
	switch {
	case o == nil:
		// Gone, and everything of it was taken over: this node had nothing. Or it came a moment ago.
		first, seen := p.unknown[owner]
		if !seen {
			first = time.Now()
			p.unknown[owner] = first
		}
		return time.Since(first) < takeAfter
	case o.alive || o.left == nil:
		return true
	}
	return o.left[provider] || o.left[anyProvider]
}

// owner is the id of the launcher that keeps a node, or did; "" for a node of Nodepool's.
func (lp *loop) owner(n *record.Node) string {
	return n.OwnerAmong(func(yield func(string) bool) {
		if yield(lp.l.stateID) && lp.peers != nil {
			lp.peers.each(yield)
		}
	})
}

// each gives the ids of the other launchers.
func (p *peers) each(yield func(string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.known {
		if !yield(id) {
			return
		}
	}
}

// alive reports whether a launcher has its lease, as far as is known.
func (p *peers) alive(owner string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.known[owner]
	return !p.listed || o != nil && o.alive
}

// restarting reports whether a launcher may come back and go on with what it had.
func (p *peers) restarting(owner string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.listed {
		return true
	}
	o := p.known[owner]
	return o != nil && (o.alive || time.Since(o.gone) < takeAfter)
}

// reviewOwners looks again at whose the nodes are: a launcher came, went, or was taken over.
func (lp *loop) reviewOwners() {
	for _, n := range lp.view.Nodes {
		if was := n.Foreign; lp.foreign(n.Node) != was {
			n.Foreign = !was
			lp.watch(n)
		}
		if _, waits := lp.ownerless[n.ID]; waits && lp.l.manager.Holds(n.ID) { // it was taken over
			delete(lp.ownerless, n.ID)
			n.NotBefore = time.Time{}
		}
	}
	lp.l.manager.ForgetTaken(func(node string) bool { return lp.view.Nodes[node] == nil })
}

// foreign reports whether a node is another launcher's to delete. A husk has no resources, nor has a static node,
// whoever registered it. Slots are those of the launcher that gives them.
func (lp *loop) foreign(n *record.Node) bool {
	if n.Provider == "" || n.State == record.NodeDeleted || n.Launcher == static.Launcher || lp.l.manager.Holds(n.ID) {
		return false
	}
	if lp.metastatic(n.Provider) {
		_, ours := lp.serving.Load(n.Provider)
		return !ours
	}
	owner := lp.owner(n)
	if owner == lp.l.stateID {
		return lp.l.manager.Taken(n.ID)
	}
	return lp.peers == nil || lp.peers.foreign(owner, n.Provider)
}
