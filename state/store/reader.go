package store

import (
	"context"
	"errors"
	"log/slog"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Reader reads what launchers keep in a tree. It holds no lease, writes nothing and disturbs nobody.
type Reader struct{ st *Store }

// NewReader needs the key only for Get.
func NewReader(s *session.Session, key *Key) *Reader {
	return &Reader{&Store{s: s, key: key, log: slog.New(slog.DiscardHandler)}}
}

// Launchers lists all launchers, sorted by id.
func (r *Reader) Launchers(ctx context.Context) ([]Launcher, error) { return r.st.Others(ctx) }

// Of lists the ids of a launcher's workspaces, sorted; none for a launcher that does not exist.
func (r *Reader) Of(ctx context.Context, launcher string) ([]string, error) {
	return r.st.Of(ctx, launcher)
}

// Get is Store.Get.
func (r *Reader) Get(ctx context.Context, workspace string) (Document, error) {
	return r.st.Get(ctx, workspace)
}

// Head is Get without the files, for which no key is needed.
func (r *Reader) Head(ctx context.Context, workspace string) (Document, error) {
	if err := checkName("workspace", workspace); err != nil {
		return Document{}, err
	}
	data, _, err := r.st.s.Get(ctx, documentPath(workspace))
	if err != nil {
		return Document{}, explain("read the copy of workspace", workspace, err)
	}
	h, _, _, err := parseHeader(data)
	if errors.Is(err, errEmpty) {
		err = zk.ErrNoNode
	}
	if err != nil {
		return Document{}, explain("read the copy of workspace", workspace, err)
	}
	return h.document()
}

// GetBlob is Store.GetBlob.
func (r *Reader) GetBlob(ctx context.Context, kind, name string) ([]byte, error) {
	return r.st.GetBlob(ctx, kind, name)
}
