package lock

import (
	"context"
	"errors"
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Try takes the lock on dir if nobody has it, else returns ErrBusy. data is
// stored in the contender. zk.ErrNoNode means that the parent of dir is gone.
func Try(ctx context.Context, s *session.Session, dir string, data string) (*Lock, error) {
	return take(ctx, s, dir, false, func(life context.Context, l *Lock) error {
		c := contest{s: s, dir: dir, data: data}
		before, err := c.standing(life)
		if err != nil {
			return err
		}
		if before != "" {
			return errors.Join(ErrBusy, c.withdraw(life))
		}
		l.contender = c.path()
		return nil
	})
}

// Acquire takes the lock on dir, waiting its turn until ctx ends. Then its
// contender is removed in the background.
func Acquire(ctx context.Context, s *session.Session, dir, data string) (*Lock, error) {
	return take(ctx, s, dir, true, func(life context.Context, l *Lock) error {
		c := contest{s: s, dir: dir, data: data}
		if err := c.wait(ctx, life); err != nil {
			return errors.Join(err, c.withdraw(life))
		}
		l.contender = c.path()
		return nil
	})
}

// take runs one attempt in the background, so that it ends in a known state
// even when ctx ends in the middle: a lock that nobody waits for any more is
// given back.
func take(ctx context.Context, s *session.Session, dir string, wait bool, attempt func(life context.Context, l *Lock) error) (*Lock, error) {
	leave, err := enter(ctx, key{s, dir}, wait)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	result := make(chan error) // unbuffered: either the caller gets it or ctx ended
	l := &Lock{s: s, dir: dir, leave: leave}
	ok := s.Go(func(life context.Context) {
		err := attempt(life, l)
		if err != nil {
			leave()
		}
		select {
		case result <- err:
		case <-ctx.Done():
			if err == nil {
				_ = l.Release(life) // fails only with the session, and the lock with it
			}
		}
	})
	if !ok {
		leave()
		return nil, fmt.Errorf("lock %s: %w", dir, s.Err())
	}
	select {
	case err = <-result:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return l, nil
}
