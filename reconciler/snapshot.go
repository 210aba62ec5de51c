package reconciler

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// snapshotAge is for how long a snapshot is shown to whoever asks.
const snapshotAge = time.Second

// board hands out snapshots. Nothing is done while nobody asks; all who ask within a second, or while one is being made,
// share one. In the loop it takes a walk over nodes and requests, and a decision where requests wait
// (BenchmarkSnapshot); sorting happens outside.
type board struct {
	flight singleflight.Group

	mu     sync.Mutex
	loop   *loop // nil without a session
	newest *status.Snapshot
}

// open has the board ask this loop, nil for none.
func (b *board) open(lp *loop) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loop, b.newest = lp, nil
}

func (b *board) look(now time.Time) (*status.Snapshot, *loop) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.newest != nil && now.Sub(b.newest.At) >= snapshotAge {
		return nil, b.loop
	}
	return b.newest, b.loop
}

// Snapshot is what the launcher knows now, or knew at most a second ago. Any goroutine may call it. The only error is
// ctx's.
func (l *Launcher) Snapshot(ctx context.Context) (*status.Snapshot, error) {
	if s, _ := l.board.look(time.Now()); s != nil {
		return s, nil
	}
	made := l.board.flight.DoChan("", func() (any, error) {
		known, lp := l.board.look(time.Now())
		if known != nil {
			return known, nil
		}
		s := l.takeSnapshot(lp)
		l.board.mu.Lock()
		defer l.board.mu.Unlock()
		if l.board.loop == lp {
			l.board.newest = s
		}
		return s, nil
	})
	select {
	case r := <-made:
		return r.Val.(*status.Snapshot), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// takeSnapshot asks the loop for its part and adds what others know.
func (l *Launcher) takeSnapshot(lp *loop) *status.Snapshot {
	s := &status.Snapshot{At: time.Now(), Session: status.Connecting} // what happens from here on may be missing
	if lp != nil {
		done := make(chan struct{})
		select {
		case lp.asks <- func() { lp.show(s); close(done) }:
			<-done
		case <-lp.ctx.Done():
		}
	}
	cfg := l.config()
	if lp == nil || !s.Session.Known() {
		s.Pools, s.Providers = configured(cfg)
	}
	s.Version, s.Host, s.Started = l.opts.Version, l.fqdn, l.started
	s.Config = shownConfig(l.ConfigState())
	for _, w := range cfg.Warnings {
		s.Config.Warnings = append(s.Config.Warnings, l.history.redact(w))
	}
	select {
	case <-l.draining:
		s.Draining = true
	default:
	}
	slices.SortFunc(s.Nodes, func(a, b status.Node) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Requests, func(a, b status.Request) int { return strings.Compare(a.ID, b.ID) })
	l.addWork(s)
	return s
}

// addWork adds what is known without ZooKeeper.
func (l *Launcher) addWork(s *status.Snapshot) {
	s.Workspaces, s.Plugins, s.Runs = l.manager.Stats(), l.manager.Plugins(), l.manager.Runs()
	s.Failures = l.history.newest()
	for i := range s.Providers {
		p := &s.Providers[i]
		p.Work = s.Workspaces.Providers[p.Name]
		l.history.health(p)
	}
	cfg := l.config()
	s.Leaks = l.leaks.count(func(provider string) bool { return cfg.Provider(provider) != nil })
	slices.SortFunc(s.Tenants, func(a, b status.Tenant) int { return cmp.Compare(a.Name, b.Name) })
}

func shownConfig(c ConfigState) status.Config {
	out := status.Config{File: c.File, Hash: c.Hash, Loaded: c.Loaded, LastError: c.LastError, LastFailed: c.LastFailed, NeedRestart: c.NeedRestart, Outcomes: map[string]int{}}
	for o, n := range c.Outcomes {
		out.Outcomes[string(o)] = n
	}
	return out
}

func sortedLabels[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
