package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// A blob may be removed when no document names it and nobody has asked for it for much longer than it takes from asking
// for it (HasBlob, PutBlob) to the document that names it: both renew it, so that RemoveBlob comes too late for one that
// somebody is about to name. It must be known of every launcher that lives that it asks again often enough; of an older
// version that does not, no such thing can be said.

// OldBlob is a blob as OldBlobs has found it.
type OldBlob struct {
	Kind, Name string
	version    int32
	turn       int32
}

// OldBlobs lists the blobs of a kind that were not renewed for so long, by ZooKeeper's clock. Whoever else wanted to remove
// blobs that were listed before has to list them again: what one launcher removes, and a third writes again, must not look
// like what the other has seen.
func (st *Store) OldBlobs(ctx context.Context, kind string, unused time.Duration) ([]OldBlob, error) {
	if err := checkName("kind", kind); err != nil {
		return nil, err
	}
	turn, now, err := st.takeTurn(ctx)
	if err != nil {
		return nil, explain("list", kind, err)
	}
	names, err := st.Blobs(ctx, kind)
	if err != nil {
		return nil, explain("list", kind, err)
	}
	var old []OldBlob
	for _, name := range names {
		exists, stat, err := st.s.Exists(ctx, blobPath(kind, name))
		if err != nil {
			return nil, explain("look at "+kind, name, err)
		}
		if exists && now.Sub(time.UnixMilli(stat.Mtime)) >= unused {
			old = append(old, OldBlob{kind, name, stat.Version, turn})
		}
	}
	return old, nil
}

// takeTurn makes us the one who may remove blobs, and tells what ZooKeeper's clock says.
func (st *Store) takeTurn(ctx context.Context) (turn int32, now time.Time, err error) {
	for {
		resp, _, err := st.fenced(ctx, session.SetOp(blobsPath, nil, -1))
		if err == nil {
			return resp[0].Stat.Version, time.UnixMilli(resp[0].Stat.Mtime), nil
		}
		if !replyLost(err) {
			return 0, time.Time{}, err
		}
	}
}

// ErrTurn means that another launcher has begun to remove blobs.
var ErrTurn = errors.New("another launcher removes what is old now")

// RemoveBlob removes a blob that was listed as old. One that is gone, or was renewed since, is fine. It is an ErrTurn when
// another launcher has listed blobs since, and an ErrLost without the lease.
func (st *Store) RemoveBlob(ctx context.Context, b OldBlob) error {
	if err := errors.Join(checkName("kind", b.Kind), checkName("blob", b.Name)); err != nil {
		return err
	}
	_, err := alone(ctx, st, blobPlace(b.Kind, b.Name), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, st.removeBlob(ctx, blobPath(b.Kind, b.Name), b)
	})
	return explain("remove "+b.Kind, b.Name, err)
}

func (st *Store) removeBlob(ctx context.Context, path string, b OldBlob) error {
	for {
		exists, stat, err := st.s.Exists(ctx, path)
		if err != nil || !exists || stat.Version != b.version {
			return err
		}
		ops, err := st.deletions(ctx, path)
		if err != nil {
			return err
		}
		_, at, err := st.fenced(ctx, append([]any{session.CheckOp(blobsPath, b.turn), session.CheckOp(path, b.version)}, ops...)...)
		switch {
		case err == nil:
			return nil
		case at == 0 && errors.Is(err, zk.ErrBadVersion):
			return ErrTurn
		case at > 0 && (changedMeanwhile(err) || errors.Is(err, zk.ErrBadVersion)): // look again
		case !replyLost(err):
			return err
		}
	}
}

// Bases are what all documents together say that their workspaces were initialised from, whosever they are. It reads all
// of them. It is an error when one does not say.
func (st *Store) Bases(ctx context.Context) (map[string]bool, error) {
	ids, err := st.names(ctx, workspacesPath)
	if err != nil {
		return nil, fmt.Errorf("list the copies of workspaces: %w", err)
	}
	bases := map[string]bool{}
	for _, id := range ids {
		data, _, err := st.s.Get(ctx, documentPath(id))
		if errors.Is(err, zk.ErrNoNode) || err == nil && len(data) == 0 { // gone, or to be written: then its blob is young
			continue
		}
		var h header
		if err == nil {
			h, _, _, err = parseHeader(data)
		}
		if err == nil && h.Base == "" {
			err = errors.New("it does not say what it was initialised from")
		}
		if err != nil {
			return nil, explain("read the copy of workspace", id, err)
		}
		bases[h.Base] = true
	}
	return bases, nil
}
