package reconciler

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

func (g *glimpse) readTree(ctx context.Context) error {
	data, _, err := g.s.Get(ctx, treeIDPath)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	g.tree = string(data)
	return nil
}

func (g *glimpse) readPools(ctx context.Context) error {
	_, err := readChildren(ctx, g.s, componentsPath+"/pool", func(id string, data []byte, stat *zk.Stat) {
		p, err := record.ParsePool(data)
		if err != nil {
			g.warn("the pool component %s cannot be read: %v", id, err)
			return
		}
		g.pools = append(g.pools, component{p, stat.EphemeralOwner})
		g.scene.View.Pools[p.ID] = p
	})
	return err
}

func (g *glimpse) readLaunchers(ctx context.Context) error {
	all, err := store.NewReader(g.s, nil).Launchers(ctx)
	for _, l := range all {
		g.launchers[l.ID] = l
	}
	return err
}

func (g *glimpse) readRequests(ctx context.Context) (err error) {
	g.scene.NextRequest, err = readChildren(ctx, g.s, requestsPath, func(id string, data []byte, stat *zk.Stat) {
		r, err := record.ParseRequest(id, data)
		if err != nil {
			g.warn("request %s cannot be read and is left alone: %v", id, err)
			return
		}
		g.owners[id] = stat.EphemeralOwner
		g.scene.View.Requests[id] = &desire.Request{Request: r}
	})
	return err
}

func (g *glimpse) readNodes(ctx context.Context) (err error) {
	g.scene.NextNode, err = readChildren(ctx, g.s, nodesPath, func(id string, data []byte, _ *zk.Stat) {
		n, err := record.ParseNode(id, data)
		if err != nil {
			if len(data) > 0 {
				g.warn("node %s cannot be read and is left alone: %v", id, err)
			}
			return
		}
		g.scene.View.Nodes[id] = &desire.Node{Node: n, Known: true}
	})
	return err
}

// readLocks looks who holds requests, and nodes that are deleted once nobody does.
func (g *glimpse) readLocks(ctx context.Context) error {
	dirs := map[string]string{}
	for id, r := range g.scene.View.Requests {
		if r.State == record.RequestPending || r.State == record.RequestRequested {
			dirs[id] = requestLockPath(id)
		}
	}
	for id, n := range g.scene.View.Nodes {
		if n.State != record.NodeReady || n.AllocatedTo != "" {
			dirs[id] = nodeLockPath(id)
		}
	}
	ids := slices.Sorted(maps.Keys(dirs))
	held := make([]bool, len(ids))
	err := inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		names, err := lock.Contenders(ctx, g.s, dirs[ids[i]])
		held[i] = len(names) > 0
		return err
	})
	for i, id := range ids {
		g.holders[id] = held[i]
	}
	return err
}

// atOnce bounds the reads under way at one time.
const atOnce = 64

// inParallel calls f for 0 to n-1, several at a time.
func inParallel(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

// readChildren reads the records below a path in the order of their names, those that vanish meanwhile left out. next is
// the sequence number that the next child gets: ZooKeeper counts creations for it, and tells their sum with deletions.
func readChildren(ctx context.Context, s *session.Session, dir string, each func(id string, data []byte, stat *zk.Stat)) (next int64, err error) {
	ids, stat, err := s.Children(ctx, dir)
	if errors.Is(err, zk.ErrNoNode) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	next = (int64(stat.Cversion) + int64(stat.NumChildren)) / 2
	slices.Sort(ids)
	type found struct {
		data []byte
		stat *zk.Stat
	}
	records := make([]found, len(ids))
	err = inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		data, stat, err := s.Get(ctx, dir+"/"+ids[i])
		if errors.Is(err, zk.ErrNoNode) {
			return nil
		}
		records[i] = found{data, stat}
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, r := range records {
		if r.stat != nil {
			each(ids[i], r.data, r.stat)
		}
	}
	return next, nil
}
