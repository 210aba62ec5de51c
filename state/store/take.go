package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Take makes a dead launcher's workspace ours, in one step that also proves that nobody holds that launcher's lease, or
// has held it since from was listed: the copy is still the one that it had then. Of several takers exactly one succeeds. It
// is an ErrAlive when the launcher lives or did since, and an ErrLost when the workspace is gone or was taken by somebody
// else. A copy that cannot be read is not taken. One whose first copy was never completed is removed instead, because
// nothing was ever made in it.
func (st *Store) Take(ctx context.Context, from Launcher, id string) (Document, error) {
	if err := errors.Join(checkName("launcher", from.ID), checkName("workspace", id)); err != nil {
		return Document{}, err
	}
	if from.ID == st.id {
		return Document{}, fmt.Errorf("take workspace %s: it is ours already", id)
	}
	d, err := alone(ctx, st, id, func(ctx context.Context) (Document, error) { return st.take(ctx, from, id) })
	return d, explain("take workspace "+id+" of launcher", from.ID, err)
}

func (st *Store) take(ctx context.Context, from Launcher, id string) (Document, error) {
	pointer := pointerPath(st.id, id)
	if _, ours := st.recall(id); ours {
		return Document{}, fmt.Errorf("%w: it was taken, by this launcher", ErrLost)
	}
	for {
		d, w, err := st.read(ctx, id)
		if errors.Is(err, zk.ErrNoNode) {
			return Document{}, st.clear(ctx, from, id)
		}
		if err != nil {
			return Document{}, err
		}
		resp, at, err := st.fenced(ctx, append(proof(from),
			session.DeleteOp(pointerPath(from.ID, id), -1),
			session.CreateOp(pointer, nil, 0),
			session.SetOp(documentPath(id), w.data, w.stat.Version))...)
		switch {
		case err == nil:
			st.remember(id, known{version: resp[len(resp)-1].Stat.Version, children: w.stat.NumChildren > 0})
			return d, nil
		case replyLost(err):
			// Only this step makes the pointer, so it tells whether it was done.
			done, _, err := st.s.Exists(ctx, pointer)
			if err != nil {
				return Document{}, err
			}
			if done {
				_, err := st.look(ctx, id)
				return d, err
			}
		case at == proofSize+2 && (errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNoNode)):
			// Written or deleted since it was read: look again.
		default:
			return Document{}, refused(at, err)
		}
	}
}

// proof is the operations that fail while anybody holds a launcher's lease, because a znode with a child cannot be
// deleted, or when it was claimed since the launcher was listed.
func proof(of Launcher) []any {
	alive := alivePath(of.ID)
	return []any{session.DeleteOp(alive, -1), session.CreateOp(alive, nil, 0), session.CheckOp(launcherPath(of.ID), of.Version)}
}

const proofSize = 3

// refused says what the failure of an operation of take means.
func refused(at int, err error) error {
	switch {
	case at == 0 && errors.Is(err, zk.ErrNotEmpty):
		return ErrAlive
	case at == proofSize-1 && errors.Is(err, zk.ErrBadVersion):
		return fmt.Errorf("%w, or was a moment ago", ErrAlive)
	case (at == 0 || at == proofSize) && errors.Is(err, zk.ErrNoNode):
		return fmt.Errorf("%w: it is gone or was taken", ErrLost)
	}
	return err
}

// clear removes a dead launcher's workspace that holds nothing. The result is never nil: there is nothing to take.
func (st *Store) clear(ctx context.Context, from Launcher, id string) error {
	for {
		exists, stat, err := st.s.Exists(ctx, documentPath(id))
		if err != nil {
			return err
		}
		ops := append(proof(from), session.DeleteOp(pointerPath(from.ID, id), -1))
		if exists {
			// Still empty, or else somebody wrote it, who was alive then.
			if stat.DataLength > 0 {
				return ErrAlive
			}
			ops = append(ops, session.CheckOp(documentPath(id), stat.Version))
		}
		document, err := st.deletions(ctx, documentPath(id))
		if err != nil {
			return err
		}
		_, at, err := st.fenced(ctx, append(ops, document...)...)
		switch {
		case err == nil:
			return fmt.Errorf("%w: it was never completed, and is removed now", ErrLost)
		case replyLost(err), at > proofSize: // look again
		default:
			return refused(at, err)
		}
	}
}
