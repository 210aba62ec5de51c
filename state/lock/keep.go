package lock

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Keep takes the lock on dir for longer than the session lives, waiting its turn until ctx ends: until somebody deletes
// the contender whose path it returns, whoever that is. data says whose it is (protocol.md 3.3, backing nodes).
func Keep(ctx context.Context, s *session.Session, dir, data string) (contender string, err error) {
	l, err := take(ctx, s, dir, true, func(life context.Context, l *Lock) error {
		c := contest{s: s, dir: dir, data: data, kept: true}
		if err := c.wait(ctx, life); err != nil {
			return errors.Join(err, c.withdraw(life))
		}
		l.contender = c.path()
		return nil
	})
	if err != nil {
		return "", err
	}
	l.MarkReleased() // within this process nobody waits for what may be held for days
	return l.contender, nil
}

// Holder is who has a lock.
type Holder struct {
	Contender string // full path
	Data      string
	Kept      bool // the contender outlives the session that made it
}

// HolderOf finds the first contender of the lock on dir; it is zero when there is none.
func HolderOf(ctx context.Context, s *session.Session, dir string) (Holder, error) {
	for {
		names, err := Contenders(ctx, s, dir)
		if err != nil || len(names) == 0 {
			return Holder{}, err
		}
		path := dir + "/" + names[0]
		data, stat, err := s.Get(ctx, path)
		switch {
		case errors.Is(err, zk.ErrNoNode):
			continue // it went in between
		case err != nil:
			return Holder{}, fmt.Errorf("read the holder of lock %s: %w", dir, err)
		}
		return Holder{Contender: path, Data: string(data), Kept: stat.EphemeralOwner == 0}, nil
	}
}
