package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// PutBlob keeps data under a name that the caller makes of its content. One that exists stays as it is, unless we have
// a key and it was written with another or none. Readers see all of it or nothing. It is an ErrLost without the lease.
func (st *Store) PutBlob(ctx context.Context, kind, name string, data []byte) error {
	if err := errors.Join(checkName("kind", kind), checkName("blob", name)); err != nil {
		return err
	}
	_, err := alone(ctx, st, blobPlace(kind, name), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, st.putBlob(ctx, kind, name, data)
	})
	return explain("keep "+kind, name, err)
}

func (st *Store) putBlob(ctx context.Context, kind, name string, data []byte) error {
	path := blobPath(kind, name)
	var s *sealed
	for {
		exists, version, err := st.lookBlob(ctx, path)
		if err != nil {
			return err
		}
		if exists == whole {
			return nil
		}
		if s == nil {
			if s, err = seal(st.key, blobPlace(kind, name), header{}, data); err != nil {
				return err
			}
		}
		done, err := st.writeBlob(ctx, path, exists, version, s)
		if errors.Is(err, zk.ErrNoNode) {
			// The directory of the kind, or the blob was removed meanwhile.
			if err = st.s.EnsurePath(ctx, kindPath(kind)); err == nil {
				continue
			}
		}
		if err != nil || done {
			return err
		}
	}
}

// presence of a blob.
type presence int

const (
	absent  presence = iota
	useless          // not completed, or not readable with our key
	whole
)

func (st *Store) lookBlob(ctx context.Context, path string) (presence, int32, error) {
	exists, stat, err := st.s.Exists(ctx, path)
	switch {
	case err != nil || !exists:
		return absent, 0, err
	case stat.DataLength == 0:
		return useless, stat.Version, nil
	case st.key == nil:
		return whole, 0, nil
	}
	data, stat, err := st.s.Get(ctx, path)
	if errors.Is(err, zk.ErrNoNode) {
		return absent, 0, nil
	}
	if err != nil {
		return absent, 0, err
	}
	if h, _, _, err := parseHeader(data); err != nil || h.Key != st.key.id {
		return useless, stat.Version, nil //nolint:nilerr // what cannot be read is replaced
	}
	return whole, 0, nil
}

// writeBlob does one round: the whole of a small blob, or the empty znode of a large one, or its chunks.
func (st *Store) writeBlob(ctx context.Context, path string, is presence, version int32, s *sealed) (done bool, err error) {
	if is == absent {
		data := s.data
		if s.chunks != nil {
			data = nil
		}
		_, _, err := st.fenced(ctx, session.CreateOp(path, data, 0))
		if errors.Is(err, zk.ErrNodeExists) || replyLost(err) {
			return false, nil
		}
		return err == nil && s.chunks == nil, err
	}
	var ops []any
	if s.chunks != nil {
		if _, err := st.writeChunks(ctx, path, s); err != nil {
			return false, err
		}
		// The blob may have been removed since, and be another one by now.
		for i := range s.chunks.Count {
			ops = append(ops, session.CheckOp(path+"/"+s.chunks.name(i), -1))
		}
	}
	_, _, err = st.fenced(ctx, append(ops, session.SetOp(path, s.data, version))...)
	if replyLost(err) {
		return false, nil
	}
	// Somebody else may have been faster: then our chunks are the superfluous ones.
	keep := s.chunks
	if errors.Is(err, zk.ErrBadVersion) {
		w, ferr := st.fetch(ctx, path)
		if ferr != nil {
			return false, nil //nolint:nilerr // the next round looks again
		}
		keep, err = w.header.Chunks, nil
	}
	if err != nil {
		return false, err
	}
	if s.chunks != nil || is == useless {
		if err := st.sweep(ctx, path, keep); err != nil {
			st.log.Debug("old chunks stay", "blob", path, "error", err)
		}
	}
	return false, nil
}

// GetBlob reads a blob. It is a zk.ErrNoNode when there is none, also while one is being written.
func (st *Store) GetBlob(ctx context.Context, kind, name string) ([]byte, error) {
	if err := errors.Join(checkName("kind", kind), checkName("blob", name)); err != nil {
		return nil, err
	}
	w, err := st.fetch(ctx, blobPath(kind, name))
	var data []byte
	if err == nil {
		data, err = unseal(st.key, blobPlace(kind, name), w.header, w.line, w.body)
	}
	return data, explain("read "+kind, name, err)
}

// Blobs lists the names of a kind, sorted, also of those that are being written: to be sure of one call PutBlob.
func (st *Store) Blobs(ctx context.Context, kind string) ([]string, error) {
	if err := checkName("kind", kind); err != nil {
		return nil, err
	}
	return st.names(ctx, kindPath(kind))
}

// RemoveBlob removes a blob; one that is gone is fine. It is an ErrLost without the lease.
func (st *Store) RemoveBlob(ctx context.Context, kind, name string) error {
	if err := errors.Join(checkName("kind", kind), checkName("blob", name)); err != nil {
		return err
	}
	_, err := alone(ctx, st, blobPlace(kind, name), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, st.removeBlob(ctx, blobPath(kind, name))
	})
	return explain(fmt.Sprintf("remove %s", kind), name, err)
}

func (st *Store) removeBlob(ctx context.Context, path string) error {
	for {
		exists, _, err := st.s.Exists(ctx, path)
		if err != nil || !exists {
			return err
		}
		ops, err := st.deletions(ctx, path)
		if err != nil {
			return err
		}
		_, at, err := st.fenced(ctx, ops...)
		switch {
		case err == nil:
			return nil
		case at >= 0 && changedMeanwhile(err): // look again
		case !replyLost(err):
			return err
		}
	}
}
