package store

import (
	"context"
	"errors"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// PutBlob keeps data under a name that the caller makes of its content. One that exists stays as it is, but is renewed (see
// OldBlobs), unless we have a key and it was written with another or none. Readers see all of it or nothing. It is an
// ErrLost without the lease.
func (st *Store) PutBlob(ctx context.Context, kind, name string, data []byte) error {
	if err := errors.Join(checkName("kind", kind), checkName("blob", name)); err != nil {
		return err
	}
	_, err := alone(ctx, st, blobPlace(kind, name), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, st.putBlob(ctx, kind, name, data)
	})
	return explain("keep "+kind, name, err)
}

// HasBlob reports whether PutBlob would leave a blob as it is. If so it is renewed, as PutBlob does.
func (st *Store) HasBlob(ctx context.Context, kind, name string) (bool, error) {
	if err := errors.Join(checkName("kind", kind), checkName("blob", name)); err != nil {
		return false, err
	}
	has, err := alone(ctx, st, blobPlace(kind, name), func(ctx context.Context) (bool, error) {
		for {
			was, err := st.lookBlob(ctx, blobPath(kind, name))
			if err != nil || was.is != whole {
				return false, err
			}
			if done, err := st.renewBlob(ctx, blobPath(kind, name), was); done || err != nil {
				return done, err
			}
		}
	})
	return has, explain("look for "+kind, name, err)
}

// renewBlob has a blob count as just written, if it is still as it was.
func (st *Store) renewBlob(ctx context.Context, path string, was blob) (done bool, err error) {
	_, at, err := st.fenced(ctx, session.SetOp(path, was.data, was.version))
	if at >= 0 || replyLost(err) {
		return false, nil // look again
	}
	return err == nil, err
}

func (st *Store) putBlob(ctx context.Context, kind, name string, data []byte) error {
	path := blobPath(kind, name)
	var s *sealed
	replaced := false // something, with chunks perhaps
	for {
		was, err := st.lookBlob(ctx, path)
		if err != nil {
			return err
		}
		if was.is == whole {
			if done, err := st.renewBlob(ctx, path, was); err != nil {
				return err
			} else if !done {
				continue
			}
			if replaced {
				st.tidyBlob(ctx, path)
			}
			return nil
		}
		if s == nil {
			if s, err = seal(st.key, blobPlace(kind, name), header{}, data); err != nil {
				return err
			}
		}
		replaced = replaced || was.is == useless
		done, err := st.writeBlob(ctx, path, was, s)
		switch {
		case done:
			return nil
		case errors.Is(err, zk.ErrNoNode): // the directory of the kind is missing, or the blob was removed meanwhile
			if err := st.s.EnsurePath(ctx, kindPath(kind)); err != nil {
				return err
			}
		case err != nil && !errors.Is(err, zk.ErrNodeExists) && !errors.Is(err, zk.ErrBadVersion) && !replyLost(err):
			return err
		}
	}
}

// tidyBlob removes the chunks of writers that were slower, or died.
func (st *Store) tidyBlob(ctx context.Context, path string) {
	data, stat, err := st.s.Get(ctx, path)
	if err != nil {
		return
	}
	h, _, _, err := parseHeader(data)
	if err != nil {
		return
	}
	// It must still be that blob: not written again, nor removed and made again.
	fence := []any{session.CheckOp(path, stat.Version)}
	if h.Chunks != nil {
		fence = append(fence, session.CheckOp(path+"/"+h.Chunks.name(0), -1))
	}
	if err := st.sweep(ctx, path, h.Chunks, fence...); err != nil {
		st.log.Debug("old chunks stay", "blob", path, "error", err)
	}
}

// presence of a blob.
type presence int

const (
	absent  presence = iota
	useless          // not completed, or not readable with our key
	whole
)

// blob is how one was found.
type blob struct {
	is      presence
	data    []byte // of the znode
	version int32
}

func (st *Store) lookBlob(ctx context.Context, path string) (blob, error) {
	data, stat, err := st.s.Get(ctx, path)
	if errors.Is(err, zk.ErrNoNode) {
		return blob{}, nil
	}
	if err != nil {
		return blob{}, err
	}
	b := blob{whole, data, stat.Version}
	if len(data) == 0 {
		b.is = useless
	} else if st.key != nil {
		if h, _, _, err := parseHeader(data); err != nil || h.Key != st.key.id {
			b.is = useless // what cannot be read is replaced
		}
	}
	return b, nil
}

// writeBlob does one step: the whole of a small blob, or the empty znode of a large one, or its chunks and what makes
// them count.
func (st *Store) writeBlob(ctx context.Context, path string, was blob, s *sealed) (done bool, err error) {
	switch {
	case was.is == absent && s.chunks == nil:
		_, _, err = st.fenced(ctx, session.CreateOp(path, s.data, 0))
		return err == nil, err
	case was.is == absent:
		_, _, err = st.fenced(ctx, session.CreateOp(path, nil, 0))
		return false, err
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
	_, _, err = st.fenced(ctx, append(ops, session.SetOp(path, s.data, was.version))...)
	return false, err
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
