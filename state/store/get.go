package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
)

// Get reads the copy of any launcher's workspace. It is a zk.ErrNoNode when there is none, also when the first one was
// never completed, and an ErrKey when it was encrypted with another key.
func (st *Store) Get(ctx context.Context, id string) (Document, error) {
	if err := checkName("workspace", id); err != nil {
		return Document{}, err
	}
	d, _, err := st.read(ctx, id)
	return d, explain("read the copy of workspace", id, err)
}

// read also returns what the znode itself holds.
func (st *Store) read(ctx context.Context, id string) (Document, stored, error) {
	w, err := st.fetch(ctx, documentPath(id))
	if err != nil {
		return Document{}, w, err
	}
	d, err := unsealDocument(st.key, id, w.header, w.line, w.body)
	return d, w, err
}

// stored is what a znode and its chunks hold.
type stored struct {
	data   []byte
	stat   *zk.Stat
	header header
	line   []byte
	body   []byte
}

// fetch reads a znode and the chunks that it names.
func (st *Store) fetch(ctx context.Context, path string) (stored, error) {
	missing := int64(-1) // the write that had a chunk missing
	for {
		var w stored
		var err error
		if w.data, w.stat, err = st.s.Get(ctx, path); err != nil {
			return w, err
		}
		if w.header, w.line, w.body, err = parseHeader(w.data); err != nil {
			if errors.Is(err, errEmpty) {
				err = fmt.Errorf("%w: %w", zk.ErrNoNode, err)
			}
			return w, err
		}
		if w.header.Chunks == nil {
			return w, nil
		}
		w.body, err = st.gather(ctx, path, w.header.Chunks)
		if !errors.Is(err, zk.ErrNoNode) {
			return w, err
		}
		// Replaced while we read, or else broken. Not an ErrNoNode: the copy is there.
		if missing == w.stat.Mzxid {
			return w, errors.New("one of its chunks is missing")
		}
		missing = w.stat.Mzxid
	}
}

func (st *Store) gather(ctx context.Context, path string, c *chunks) ([]byte, error) {
	var body []byte
	for i := range c.Count {
		part, _, err := st.s.Get(ctx, path+"/"+c.name(i))
		if err != nil {
			return nil, err
		}
		if body = append(body, part...); len(body) > c.Size {
			break
		}
	}
	if len(body) != c.Size {
		return nil, fmt.Errorf("its chunks have not the %d bytes that were announced", c.Size)
	}
	return body, nil
}
