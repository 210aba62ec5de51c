package lock

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// CreateHeld creates dir together with a contender, which therefore holds the
// lock, and does ops in the same step; all or nothing. zk.ErrNodeExists means
// that somebody has made dir before. The responses are those of ops, in order;
// they are nil, with the lock held and ops done, when the reply got lost.
func CreateHeld(ctx context.Context, s *session.Session, dir string, ops ...any) (*Lock, []zk.MultiResponse, error) {
	var responses []zk.MultiResponse
	l, err := take(ctx, s, dir, false, func(life context.Context, l *Lock) error {
		c := contest{s: s, dir: dir, prefix: newPrefix()}
		made, err := c.found(life, ops)
		if err != nil {
			return err
		}
		l.contender = c.path()
		responses = made
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return l, responses, nil
}

// found makes directory, contender and ops in one step.
func (c *contest) found(ctx context.Context, ops []any) ([]zk.MultiResponse, error) {
	all := append([]any{session.CreateOp(c.dir, nil, zk.FlagPersistent), c.createOp()}, ops...)
	for lost := false; ; lost = true {
		made, err := c.s.Multi(ctx, all...)
		if err == nil {
			c.name = made[1].String[len(c.dir)+1:]
			return made[2:], nil
		}
		if !errors.Is(err, zk.ErrConnectionClosed) && !lost {
			return nil, fmt.Errorf("create held: %w", err)
		}
		// It may have been done, now or in an earlier round.
		if ferr := c.find(ctx); ferr != nil {
			return nil, ferr
		}
		if c.name != "" {
			return nil, nil
		}
		if !errors.Is(err, zk.ErrConnectionClosed) {
			return nil, fmt.Errorf("create held: %w", err)
		}
	}
}
