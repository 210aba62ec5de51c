package lock

import (
	"bytes"
	"context"
	"errors"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Write writes a znode that the lock protects, fenced: it fails when the lock is gone (protocol.md 3.5), and with
// zk.ErrBadVersion when somebody changed the znode since version was read under the lock. When the reply gets lost it
// looks whether the write was done, and repeats it if not. checks are further operations of session.CheckOp that must hold.
func (l *Lock) Write(ctx context.Context, path string, data []byte, version int32, checks ...any) (zk.Stat, error) {
	return Write(ctx, l.s, append([]any{l.Check()}, checks...), path, data, version)
}

// Write is Lock.Write for whoever holds several locks, or one by Keep: checks say which.
func Write(ctx context.Context, s *session.Session, checks []any, path string, data []byte, version int32) (zk.Stat, error) {
	for {
		resp, err := s.Multi(ctx, append(checks[:len(checks):len(checks)], session.SetOp(path, data, version))...)
		if err == nil {
			return *resp[len(checks)].Stat, nil
		}
		if !errors.Is(err, zk.ErrConnectionClosed) {
			return zk.Stat{}, err
		}
		cur, stat, err := s.Get(ctx, path)
		if err != nil {
			return zk.Stat{}, err
		}
		if bytes.Equal(cur, data) {
			return *stat, nil
		}
		if stat.Version != version {
			return zk.Stat{}, zk.ErrBadVersion
		}
	}
}
