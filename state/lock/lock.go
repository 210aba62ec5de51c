package lock

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// ErrBusy means that somebody else holds the lock.
var ErrBusy = errors.New("lock is held by somebody else")

// Lock is a held lock. It is lost when its session ends.
type Lock struct {
	s         *session.Session
	dir       string
	contender string
	leave     func() // gives up the in-process mutex
	once      sync.Once
}

// Dir is the locked directory.
func (l *Lock) Dir() string { return l.dir }

// Contender is the full path of the znode whose existence is the lock.
func (l *Lock) Contender() string { return l.contender }

// Check is an operation that makes a session.Multi fail once the lock is lost:
// put it first in every write that the lock protects (protocol.md 3.5).
func (l *Lock) Check() any { return session.CheckOp(l.contender, -1) }

// ReleaseOp releases the lock as part of a session.Multi. Call MarkReleased
// when that succeeded.
func (l *Lock) ReleaseOp() any { return session.DeleteOp(l.contender, -1) }

// MarkReleased notes that ReleaseOp was done.
func (l *Lock) MarkReleased() { l.once.Do(l.leave) }

// Release gives the lock back; releasing twice, or a lock that is gone already,
// is fine. When ctx ends first, releasing goes on in the background.
func (l *Lock) Release(ctx context.Context) error {
	var err error
	l.once.Do(func() { err = l.release(ctx) })
	if err != nil {
		return fmt.Errorf("release lock %s: %w", l.dir, err)
	}
	return nil
}

func (l *Lock) release(ctx context.Context) error {
	result := make(chan error, 1)
	ok := l.s.Go(func(life context.Context) {
		defer l.leave()
		result <- remove(life, l.s, l.contender)
	})
	if !ok {
		l.leave()
		return l.s.Err()
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// remove deletes a contender, again after a lost reply.
func remove(ctx context.Context, s *session.Session, contender string) error {
	for {
		err := s.Delete(ctx, contender, -1)
		switch {
		case errors.Is(err, zk.ErrNoNode):
			return nil
		case errors.Is(err, zk.ErrConnectionClosed):
			continue
		}
		return err
	}
}
