package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Own lists the ids of our workspaces, sorted.
func (st *Store) Own(ctx context.Context) ([]string, error) { return st.Of(ctx, st.id) }

// Of lists the ids of a launcher's workspaces, sorted; none for a launcher that does not exist.
func (st *Store) Of(ctx context.Context, launcher string) ([]string, error) {
	if err := checkName("launcher", launcher); err != nil {
		return nil, err
	}
	return st.names(ctx, ownedPath(launcher))
}

func (st *Store) names(ctx context.Context, path string) ([]string, error) {
	names, _, err := st.s.Children(ctx, path)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, nil
	}
	slices.Sort(names)
	return names, err
}

// Others lists all other launchers, sorted by id.
func (st *Store) Others(ctx context.Context) ([]Launcher, error) {
	ids, err := st.names(ctx, launchersPath)
	if err != nil {
		return nil, err
	}
	var others []Launcher
	for _, id := range ids {
		if id == st.id {
			continue
		}
		data, stat, err := st.s.Get(ctx, launcherPath(id))
		if errors.Is(err, zk.ErrNoNode) {
			continue // forgotten meanwhile
		}
		if err != nil {
			return nil, err
		}
		l := Launcher{ID: id, Version: stat.Version}
		if len(data) > 0 { // else it is about to claim its lease for the first time
			if err := json.Unmarshal(data, &l.About); err != nil {
				st.log.Warn("cannot read what a launcher says of itself", "launcher", id, "error", err)
				l.About = About{}
			}
		}
		leases, err := st.names(ctx, alivePath(id))
		if err != nil {
			return nil, err
		}
		if l.Alive = len(leases) > 0; !l.Alive {
			if l.Gone, err = st.goneFor(ctx, l); err != nil {
				return nil, err
			}
		}
		others = append(others, l)
	}
	return others, nil
}

// gone is for how long a launcher has been seen without the lease that it held at a version of its znode.
type gone struct {
	Version int32 `json:"version"`
	MS      int64 `json:"ms"`
}

func (st *Store) goneFor(ctx context.Context, l Launcher) (time.Duration, error) {
	data, _, err := st.s.Get(ctx, gonePath(l.ID))
	if err != nil {
		if errors.Is(err, zk.ErrNoNode) {
			err = nil
		}
		return 0, err
	}
	var g gone
	if json.Unmarshal(data, &g) != nil || g.Version != l.Version || g.MS < 0 {
		return 0, nil // of an earlier incarnation, or not ours to read: it is counted anew
	}
	return time.Duration(g.MS) * time.Millisecond, nil
}

// NoteGone records for how long a launcher has been without its lease: whoever looks next, after a restart of this one
// for instance, counts on from there. Launchers add up what they saw by clocks that do not jump, so that what is
// recorded is never more than the truth. One that has claimed its lease since l was listed is left alone.
func (st *Store) NoteGone(ctx context.Context, l Launcher, d time.Duration) error {
	data, err := json.Marshal(gone{Version: l.Version, MS: d.Milliseconds()})
	if err != nil {
		return err
	}
	path := gonePath(l.ID)
	write := session.SetOp(path, data, -1)
	exists, _, err := st.s.Exists(ctx, path)
	if err != nil {
		return err
	}
	if !exists {
		write = session.CreateOp(path, data, 0)
	}
	_, at, err := st.fenced(ctx, session.CheckOp(launcherPath(l.ID), l.Version), write)
	if at >= 0 {
		return nil // it has come back, was forgotten, or another launcher was faster
	}
	return err
}

// SetAbout changes what the others are told of us.
func (st *Store) SetAbout(ctx context.Context, about About) error {
	data, err := json.Marshal(about)
	if err != nil {
		return err
	}
	path := launcherPath(st.id)
	_, err = alone(ctx, st, path, func(ctx context.Context) (struct{}, error) {
		for {
			if _, _, err := st.fenced(ctx, session.SetOp(path, data, -1)); !replyLost(err) {
				return struct{}{}, err
			}
		}
	})
	return explain("describe launcher", st.id, err)
}

// Forget removes a dead launcher that has no workspaces left. One that lives or has some is left alone.
func (st *Store) Forget(ctx context.Context, launcher string) error {
	if err := checkName("launcher", launcher); err != nil {
		return err
	}
	if launcher == st.id {
		return nil
	}
	for {
		ops := []any{session.DeleteOp(alivePath(launcher), -1), session.DeleteOp(ownedPath(launcher), -1)}
		noted, _, err := st.s.Exists(ctx, gonePath(launcher))
		if err != nil {
			return explain("forget launcher", launcher, err)
		}
		if noted {
			ops = append(ops, session.DeleteOp(gonePath(launcher), -1))
		}
		_, at, err := st.fenced(ctx, append(ops, session.DeleteOp(launcherPath(launcher), -1))...)
		switch {
		case err == nil, at >= 0 && (errors.Is(err, zk.ErrNoNode) || errors.Is(err, zk.ErrNotEmpty)):
			return nil
		case !replyLost(err):
			return explain("forget launcher", launcher, err)
		}
	}
}
