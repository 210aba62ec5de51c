package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Put creates or replaces the copy of one of our workspaces. It is an ErrLost when the lease or the workspace is
// somebody else's, or the workspace was removed. Ordinarily it is one round trip; the first one of a workspace that
// existed before Open takes another, and one that does not fit into a znode one for each chunk.
func (st *Store) Put(ctx context.Context, id string, d Document) error {
	if err := checkName("workspace", id); err != nil {
		return err
	}
	s, err := sealDocument(st.key, id, d)
	if err != nil {
		return explain("copy workspace", id, err)
	}
	_, err = alone(ctx, st, id, func(ctx context.Context) (struct{}, error) { return struct{}{}, st.put(ctx, id, s) })
	return explain("copy workspace", id, err)
}

func (st *Store) put(ctx context.Context, id string, s *sealed) error {
	if s.chunks != nil {
		if err := st.putChunks(ctx, id, s); err != nil {
			return err
		}
	}
	version, err := st.write(ctx, id, s.data)
	if err != nil {
		return err
	}
	k, _ := st.recall(id)
	if k.children {
		// The copy is whole already. What could not be removed now is removed after the next one.
		if err := st.sweep(ctx, documentPath(id), s.chunks, session.CheckOp(pointerPath(st.id, id), -1)); err != nil {
			st.log.Debug("old chunks stay", "workspace", id, "error", err)
		} else {
			k.children = false
		}
	}
	st.remember(id, known{version: version, children: k.children || s.chunks != nil})
	return nil
}

// putChunks writes chunks, in a znode that is empty when there is none yet.
func (st *Store) putChunks(ctx context.Context, id string, s *sealed) error {
	if _, ok := st.recall(id); !ok {
		if err := st.place(ctx, id); err != nil {
			return err
		}
	}
	k, _ := st.recall(id)
	k.children = true
	st.remember(id, k)
	for {
		at, err := st.writeChunks(ctx, documentPath(id), s, session.CheckOp(pointerPath(st.id, id), -1))
		if !errors.Is(err, zk.ErrNoNode) {
			return err
		}
		if at == 0 {
			st.forget(id)
			return fmt.Errorf("%w: it has another owner or was removed", ErrLost)
		}
		if err := st.mend(ctx, id, nil); err != nil {
			return err
		}
	}
}

// place makes sure that a workspace exists: what it holds stays.
func (st *Store) place(ctx context.Context, id string) error {
	for {
		_, at, err := st.fenced(ctx, session.CreateOp(documentPath(id), nil, 0), session.CreateOp(pointerPath(st.id, id), nil, 0))
		switch {
		case err == nil:
			st.remember(id, known{})
			return nil
		case at == 0 && errors.Is(err, zk.ErrNodeExists):
			if found, err := st.look(ctx, id); err != nil || found {
				return err
			}
		case at == 1 && errors.Is(err, zk.ErrNodeExists):
			if err := st.mend(ctx, id, nil); err != nil {
				return err
			}
		case !replyLost(err):
			return err
		}
	}
}

// write puts data into the document and returns its version. A lost reply needs no look: the version, or the pointer
// that exists, makes sure that nothing is done twice, and repeating what was done changes nothing.
func (st *Store) write(ctx context.Context, id string, data []byte) (int32, error) {
	document, pointer := documentPath(id), pointerPath(st.id, id)
	for {
		k, ours := st.recall(id)
		if !ours {
			_, at, err := st.fenced(ctx, session.CreateOp(document, data, 0), session.CreateOp(pointer, nil, 0))
			switch {
			case err == nil:
				return 0, nil
			case at == 0 && errors.Is(err, zk.ErrNodeExists):
				if _, err := st.look(ctx, id); err != nil {
					return 0, err
				}
			case at == 1 && errors.Is(err, zk.ErrNodeExists):
				if err := st.mend(ctx, id, data); err != nil {
					return 0, err
				}
			case !replyLost(err):
				return 0, err
			}
			continue
		}
		resp, at, err := st.fenced(ctx, session.CheckOp(pointer, -1), session.SetOp(document, data, k.version))
		switch {
		case err == nil:
			return resp[1].Stat.Version, nil
		case at == 0 && errors.Is(err, zk.ErrNoNode):
			st.forget(id)
			return 0, fmt.Errorf("%w: it has another owner or was removed", ErrLost)
		case at == 1 && errors.Is(err, zk.ErrBadVersion):
			if _, err := st.look(ctx, id); err != nil {
				return 0, err
			}
		case at == 1 && errors.Is(err, zk.ErrNoNode):
			if err := st.mend(ctx, id, data); err != nil {
				return 0, err
			}
		case !replyLost(err):
			return 0, err
		}
	}
}

// look learns what has to be known of a document that exists, be it ours or not: the pointer is checked with every
// write.
func (st *Store) look(ctx context.Context, id string) (found bool, err error) {
	exists, stat, err := st.s.Exists(ctx, documentPath(id))
	if err != nil {
		return false, err
	}
	if !exists {
		st.forget(id)
		return false, nil
	}
	st.remember(id, known{version: stat.Version, children: stat.NumChildren > 0})
	return true, nil
}

// mend makes a document again that somebody deleted by hand: the pointer is what says whose a workspace is.
func (st *Store) mend(ctx context.Context, id string, data []byte) error {
	_, at, err := st.fenced(ctx, session.CheckOp(pointerPath(st.id, id), -1), session.CreateOp(documentPath(id), data, 0))
	switch {
	case err == nil:
		st.remember(id, known{})
		return nil
	case at == 0 && errors.Is(err, zk.ErrNoNode):
		st.forget(id)
		return fmt.Errorf("%w: it has another owner or was removed", ErrLost)
	case at == 1 && errors.Is(err, zk.ErrNodeExists):
		_, err := st.look(ctx, id)
		return err
	case replyLost(err):
		return nil // the next step looks again
	}
	return err
}

// Remove removes one of our workspaces: document, chunks and pointer. What is gone already is fine; ErrLost when it is
// somebody else's.
func (st *Store) Remove(ctx context.Context, id string) error {
	if err := checkName("workspace", id); err != nil {
		return err
	}
	_, err := alone(ctx, st, id, func(ctx context.Context) (struct{}, error) { return struct{}{}, st.remove(ctx, id) })
	return explain("remove the copy of workspace", id, err)
}

func (st *Store) remove(ctx context.Context, id string) error {
	pointer := session.DeleteOp(pointerPath(st.id, id), -1)
	document := []any{session.DeleteOp(documentPath(id), -1)} // enough where there are no chunks
	for {
		_, at, err := st.fenced(ctx, append([]any{pointer}, document...)...)
		switch {
		case err == nil:
			st.forget(id)
			return nil
		case at == 0 && errors.Is(err, zk.ErrNoNode):
			st.forget(id)
			exists, _, err := st.s.Exists(ctx, documentPath(id))
			if err != nil || !exists {
				return err
			}
			return fmt.Errorf("%w: it has another owner", ErrLost)
		case at > 0 && changedMeanwhile(err):
			if document, err = st.deletions(ctx, documentPath(id)); err != nil {
				return err
			}
		case !replyLost(err):
			return err
		}
	}
}
