package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/go-zookeeper/zk"
	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

var (
	// ErrLost means that what was to be written is not ours any more: the workspace belongs to another launcher or is
	// gone, or the lease was lost (then it is an ErrLease too).
	ErrLost = errors.New("not ours any more")
	// ErrLease is the ErrLost of the lease: nothing at all can be written with this Store any more.
	ErrLease = fmt.Errorf("%w: the lease of this launcher was taken or given back", ErrLost)
	// ErrAlive means that a launcher holds its lease, so its workspaces cannot be taken.
	ErrAlive = errors.New("the launcher is alive")
)

// Options of a Store.
type Options struct {
	ID    string       // of the launcher, the same after a restart
	About About        // for the others
	Key   *Key         // nil: copies are not encrypted
	Log   *slog.Logger // nil for slog.Default
}

// Store is one launcher's access to the copies. It lasts as long as its session; all methods may be called
// concurrently. Reads wait while the session is suspended, and so do writes. When the ctx of a write ends first the
// write goes on in the background, and later ones of the same workspace wait for it.
type Store struct {
	s     *session.Session
	id    string
	key   *Key
	log   *slog.Logger
	lease string // path of our ephemeral

	once sync.Once
	lost chan struct{} // closed once the lease is known to be gone

	mu    sync.Mutex
	known map[string]known         // our workspaces, by id, as they were last written
	busy  map[string]chan struct{} // what is being written; closed when that ends
}

// known is what has to be remembered to write a workspace in one step.
type known struct {
	version  int32
	children bool // there may be chunks
}

// Open claims the launcher's lease for this session. An earlier incarnation of the same ID, whose session may not have
// expired yet, is replaced in one step: from then on the older Store's writes fail with ErrLost.
func Open(ctx context.Context, s *session.Session, o Options) (*Store, error) {
	if err := checkName("launcher", o.ID); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	about, err := json.Marshal(o.About)
	if err != nil {
		return nil, err
	}
	st := &Store{
		s: s, id: o.ID, key: o.Key, log: o.Log,
		lease: alivePath(o.ID) + "/" + uuid.NewString(),
		known: map[string]known{}, busy: map[string]chan struct{}{}, lost: make(chan struct{}),
	}
	if err := st.claim(ctx, about); err != nil {
		return nil, fmt.Errorf("claim the lease of launcher %s: %w", o.ID, err)
	}
	return st, nil
}

// Lost is closed once a write has failed with ErrLease. Only the Store of another session can write again.
func (st *Store) Lost() <-chan struct{} { return st.lost }

// claim repeats until nothing changed between looking and claiming: another incarnation may end, or others may forget
// a launcher that had left nothing.
func (st *Store) claim(ctx context.Context, about []byte) error {
	for lost := false; ; {
		if err := st.makeRoom(ctx); err != nil {
			return err
		}
		if lost { // the reply to a claim: it may have been done
			if held, _, err := st.s.Exists(ctx, st.lease); err != nil || held {
				return err
			}
		}
		earlier, _, err := st.s.Children(ctx, alivePath(st.id))
		if errors.Is(err, zk.ErrNoNode) {
			continue
		}
		if err != nil {
			return err
		}
		ops := []any{
			session.CreateOp(st.lease, nil, zk.FlagEphemeral),
			session.SetOp(launcherPath(st.id), about, -1),
		}
		for _, name := range earlier {
			ops = append(ops, session.DeleteOp(alivePath(st.id)+"/"+name, -1))
		}
		_, err = st.s.Multi(ctx, ops...)
		switch {
		case err == nil:
			if len(earlier) > 0 {
				st.log.Info("replaced an earlier incarnation of this launcher", "launcher", st.id)
			}
			return nil
		case errors.Is(err, zk.ErrConnectionClosed), errors.Is(err, zk.ErrNodeExists):
			lost = true
		case !errors.Is(err, zk.ErrNoNode):
			return err
		}
	}
}

// makeRoom makes the directories that Open needs. Those of the launcher come at once or not at all, so that Forget
// meets no half of them.
func (st *Store) makeRoom(ctx context.Context) error {
	for _, path := range []string{launchersPath, workspacesPath, blobsPath} {
		if err := st.s.EnsurePath(ctx, path); err != nil {
			return err
		}
	}
	_, err := st.s.Multi(ctx,
		session.CreateOp(launcherPath(st.id), nil, 0),
		session.CreateOp(alivePath(st.id), nil, 0),
		session.CreateOp(ownedPath(st.id), nil, 0),
	)
	if err == nil || !errors.Is(err, zk.ErrNodeExists) && !errors.Is(err, zk.ErrConnectionClosed) {
		return err
	}
	for _, path := range []string{alivePath(st.id), ownedPath(st.id)} {
		if err := st.s.EnsurePath(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// Close gives the lease back. Others may take our workspaces at once.
func (st *Store) Close(ctx context.Context) error {
	for {
		err := st.s.Delete(ctx, st.lease, -1)
		switch {
		case err == nil, errors.Is(err, zk.ErrNoNode), errors.Is(err, session.ErrExpired):
			return nil
		case !errors.Is(err, zk.ErrConnectionClosed):
			return err
		}
	}
}
