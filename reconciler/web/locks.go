package web

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// atOnce bounds the reads under way for one list.
const atOnce = 64

// session is the present one, connected.
func (h *handler) session() (*session.Session, error) {
	zs := h.Source.ZooKeeper()
	if zs == nil || zs.Suspended() {
		return nil, errAway
	}
	return zs, nil
}

// unavailable says that ZooKeeper did not answer.
func unavailable(err error) error { return fmt.Errorf("%w: %w", errAway, err) }

// locks says whose lock has a contender. The launcher follows only those locks that matter to it; all others are read
// now, one read a node, and only because somebody looks.
func (h *handler) locks(ctx context.Context, nodes []status.Node) (map[string]bool, error) {
	locked := make(map[string]bool, len(nodes))
	var unknown []string
	for _, n := range nodes {
		if n.LockKnown {
			locked[n.ID] = n.Locked
		} else {
			unknown = append(unknown, n.ID)
		}
	}
	if len(unknown) == 0 {
		return locked, nil
	}
	zs, err := h.session()
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, id := range unknown {
		g.Go(func() error {
			names, err := lock.Contenders(ctx, zs, nodesPath+"/"+id+"/lock")
			mu.Lock()
			defer mu.Unlock()
			locked[id] = len(names) > 0
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, unavailable(err)
	}
	return locked, nil
}
