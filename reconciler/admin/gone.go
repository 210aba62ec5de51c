package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// DeleteTimeout is how long `delete --now` waits for a node's end (protocol.md 0, node delete timeout).
const DeleteTimeout = 600 * time.Second

// ErrStillThere means that a node's end was waited for in vain.
var ErrStillThere = errors.New("it is still there")

// AwaitGone waits until a node's record is gone: its launcher removes it when nothing is left in the cloud. progress, nil
// for nobody, is told about once a second how long that has taken.
func AwaitGone(ctx context.Context, s *session.Session, id string, limit time.Duration, progress func(time.Duration)) error {
	path, began := nodePath(id), time.Now()
	sub := s.Subscribe(path)
	defer sub.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	over := time.NewTimer(limit)
	defer over.Stop()
	for {
		data, _, err := s.GetW(ctx, path)
		if errors.Is(err, zk.ErrNoNode) || err == nil && len(data) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait for the end of node %s: %w", id, err)
		}
		for changed := false; !changed; {
			select {
			case <-sub.Wake():
				changed = true
			case <-tick.C:
				if progress != nil {
					progress(time.Since(began))
				}
			case <-over.C:
				return fmt.Errorf("wait for the end of node %s: after %s %w", id, limit, ErrStillThere)
			case <-ctx.Done():
				return fmt.Errorf("wait for the end of node %s: %w", id, ctx.Err())
			case <-s.Done():
				return fmt.Errorf("wait for the end of node %s: %w", id, s.Err())
			}
		}
	}
}
