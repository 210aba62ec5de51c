package store

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// alone runs fn, which writes, while nothing else here writes under the same name. fn has the context of the session:
// a write that was sent cannot be called back, so a caller whose own ctx ends leaves it to the background rather than
// let the next one overtake it.
func alone[T any](ctx context.Context, st *Store, name string, fn func(ctx context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if err := st.enter(ctx, name); err != nil {
		return none, err
	}
	ch := make(chan result, 1)
	ok := st.s.Go(func(life context.Context) {
		v, err := fn(life)
		st.leave(name)
		ch <- result{v, err}
	})
	if !ok {
		st.leave(name)
		return none, st.s.Err()
	}
	select {
	case r := <-ch:
		if errors.Is(r.err, context.Canceled) && st.s.Err() != nil {
			r.err = st.s.Err()
		}
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (st *Store) enter(ctx context.Context, name string) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		st.mu.Lock()
		before, taken := st.busy[name]
		if !taken {
			st.busy[name] = make(chan struct{})
			st.mu.Unlock()
			return nil
		}
		st.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (st *Store) leave(name string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	close(st.busy[name])
	delete(st.busy, name)
}

func (st *Store) recall(ws string) (known, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	k, ok := st.known[ws]
	return k, ok
}

func (st *Store) remember(ws string, k known) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.known[ws] = k
}

func (st *Store) forget(ws string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.known, ws)
}

// fenced does all of ops, or none, while we hold the lease. at is the number of the operation that failed, -1 where
// the error is not one of theirs, such as a lost reply.
func (st *Store) fenced(ctx context.Context, ops ...any) (resp []zk.MultiResponse, at int, err error) {
	resp, err = st.s.Multi(ctx, append([]any{session.CheckOp(st.lease, -1)}, ops...)...)
	if err == nil {
		return resp[1:], -1, nil
	}
	for i, r := range resp {
		switch {
		case r.Error == nil:
			continue
		case i == 0 && errors.Is(r.Error, zk.ErrNoNode):
			st.once.Do(func() { close(st.lost) })
			return nil, -1, ErrLease
		}
		return nil, i - 1, err
	}
	return nil, -1, err
}

// replyLost tells that the outcome of a write is unknown.
func replyLost(err error) bool { return errors.Is(err, zk.ErrConnectionClosed) }

// writeChunks writes the chunks of s below path, which exists. They count only once path names their generation.
func (st *Store) writeChunks(ctx context.Context, path string, s *sealed, fence ...any) (at int, err error) {
	for i := 0; i < s.chunks.Count; {
		ops := append(fence[:len(fence):len(fence)], session.CreateOp(path+"/"+s.chunks.name(i), s.chunk(i), 0))
		_, at, err := st.fenced(ctx, ops...)
		switch {
		case err == nil, at == len(fence) && errors.Is(err, zk.ErrNodeExists): // the latter after a lost reply
			i++
		case !replyLost(err):
			return at, err
		}
	}
	return -1, nil
}

// sweepBatch is how many chunks go in one step.
const sweepBatch = 500

// sweep removes the chunks below path but those of keep, which may be nil.
func (st *Store) sweep(ctx context.Context, path string, keep *chunks, fence ...any) error {
	names, _, err := st.s.Children(ctx, path)
	if err != nil {
		return err
	}
	current := map[string]bool{}
	if keep != nil {
		for i := range keep.Count {
			current[keep.name(i)] = true
		}
	}
	ops := fence[:len(fence):len(fence)]
	for i, name := range names {
		if !current[name] {
			ops = append(ops, session.DeleteOp(path+"/"+name, -1))
		}
		if len(ops)-len(fence) == sweepBatch || i == len(names)-1 && len(ops) > len(fence) {
			if _, _, err := st.fenced(ctx, ops...); err != nil {
				return err
			}
			ops = fence[:len(fence):len(fence)]
		}
	}
	return nil
}

// deletions are the operations that remove a node with its chunks. Where it is gone already they fail if it is not: what
// we read may be a little old.
func (st *Store) deletions(ctx context.Context, node string) ([]any, error) {
	names, _, err := st.s.Children(ctx, node)
	if errors.Is(err, zk.ErrNoNode) {
		return []any{session.CreateOp(node, nil, 0), session.DeleteOp(node, -1)}, st.s.EnsurePath(ctx, path.Dir(node))
	}
	if err != nil {
		return nil, err
	}
	ops := make([]any, 0, len(names)+1)
	for _, name := range names {
		ops = append(ops, session.DeleteOp(node+"/"+name, -1))
	}
	return append(ops, session.DeleteOp(node, -1)), nil
}

// changedMeanwhile tells that deletions were made from an old listing.
func changedMeanwhile(err error) bool {
	return errors.Is(err, zk.ErrNoNode) || errors.Is(err, zk.ErrNotEmpty) || errors.Is(err, zk.ErrNodeExists)
}

func explain(what, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, name, err)
}
