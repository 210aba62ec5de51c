package web

import (
	"context"
	"fmt"
	"maps"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

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
	var unknown []*record.Node
	for _, n := range nodes {
		if n.LockKnown {
			locked[n.ID] = n.Locked
		} else {
			unknown = append(unknown, n.Node)
		}
	}
	if len(unknown) == 0 {
		return locked, nil
	}
	zs, err := h.session()
	if err != nil {
		return nil, err
	}
	read, err := admin.Locked(ctx, zs, unknown)
	if err != nil {
		return nil, unavailable(err)
	}
	maps.Copy(locked, read)
	return locked, nil
}
