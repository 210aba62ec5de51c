package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/go-zookeeper/zk"
)

// call runs one request as soon as there is a connection. The library knows no
// contexts, so the request has a goroutine of its own; when ctx ends first, a
// write may still happen.
func call[T any](ctx context.Context, s *Session, fn func(c *zk.Conn) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var zero T
	if err := s.WaitConnected(ctx); err != nil {
		return zero, err
	}
	if !s.begin() {
		return zero, s.Err()
	}
	ch := make(chan result, 1)
	go func() {
		defer s.wg.Done()
		v, err := fn(s.conn)
		ch <- result{v, err}
	}()
	select {
	case r := <-ch:
		return r.value, s.explain(r.err)
	case <-ctx.Done():
		return zero, ctx.Err()
	case <-s.done:
		return zero, s.Err()
	}
}

// explain maps what the library returns onto the errors this package promises.
func (s *Session) explain(err error) error {
	if err == nil {
		return nil
	}
	if over := s.Err(); over != nil {
		return over
	}
	if isLoss(err) {
		return zk.ErrConnectionClosed
	}
	return err
}

// isLoss tells a lost connection, after which the outcome is unknown, from an
// answer of the server. The library passes some network errors through.
func isLoss(err error) bool {
	var netErr net.Error
	return errors.Is(err, zk.ErrConnectionClosed) || errors.Is(err, zk.ErrNoServer) ||
		errors.Is(err, zk.ErrClosing) || errors.Is(err, zk.ErrSessionExpired) || errors.Is(err, zk.ErrSessionMoved) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &netErr)
}

// insist repeats an idempotent request until the connection holds.
func insist[T any](ctx context.Context, s *Session, fn func(c *zk.Conn) (T, error)) (T, error) {
	for {
		v, err := call(ctx, s, fn)
		if !errors.Is(err, zk.ErrConnectionClosed) {
			return v, err
		}
	}
}

// wrap says what was tried.
func wrap(what, path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, path, err)
}
