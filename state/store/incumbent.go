package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Incumbent tells whether somebody holds a launcher's lease, and what that launcher last said of itself. Open would
// replace it.
func Incumbent(ctx context.Context, s *session.Session, id string) (about About, held bool, err error) {
	if err := checkName("launcher", id); err != nil {
		return About{}, false, err
	}
	leases, _, err := s.Children(ctx, alivePath(id))
	if errors.Is(err, zk.ErrNoNode) || err == nil && len(leases) == 0 {
		return About{}, false, nil
	}
	if err != nil {
		return About{}, false, err
	}
	data, _, err := s.Get(ctx, launcherPath(id))
	if errors.Is(err, zk.ErrNoNode) {
		return About{}, false, nil
	}
	if err != nil {
		return About{}, false, err
	}
	if json.Unmarshal(data, &about) != nil {
		about = About{} // somebody nobody knows
	}
	return about, true, nil
}
