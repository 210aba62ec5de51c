package reconciler

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// lockedNode is a node whose lock we hold, as it was last read or written.
type lockedNode struct {
	*record.Node
	lock    *lock.Lock
	version int32
	saved   record.NodeState // as in ZooKeeper
}

// save writes the node. Somebody who changed the record meanwhile did so without the lock, which is ours: what an
// operator may have noted by hand is kept, but a changed state is somebody else's claim and fails the write. checks are those of lock.Write.
func (n *lockedNode) save(ctx context.Context, s *session.Session, checks ...any) (int64, error) {
	for {
		stat, err := n.lock.Write(ctx, nodePath(n.ID), n.Encode(), n.version, checks...)
		if err == nil {
			n.version, n.saved = stat.Version, n.State
			return stat.Mzxid, nil
		}
		if !errors.Is(err, zk.ErrBadVersion) {
			return 0, err
		}
		data, cur, err := s.Get(ctx, nodePath(n.ID))
		if err != nil {
			return 0, err
		}
		if theirs, err := record.ParseNode(n.ID, data); err == nil {
			if theirs.State != n.saved {
				return 0, fmt.Errorf("%w: its state became %s", zk.ErrBadVersion, theirs.State)
			}
			n.Comment, n.UserData, n.HoldJob, n.HoldExpiration = theirs.Comment, theirs.UserData, theirs.HoldJob, theirs.HoldExpiration
			n.TakeUnknown(theirs)
		}
		n.version = cur.Version
	}
}

// errHusk means that a node's record was deleted while somebody queued for its lock (protocol.md 3.4).
var errHusk = errors.New("record was deleted")

// lockNode takes a node's lock without waiting and reads the record again. The lock is not held when it fails.
func lockNode(ctx context.Context, s *session.Session, id string) (*lockedNode, error) {
	lk, err := lock.Try(ctx, s, nodeLockPath(id), "")
	if err != nil {
		return nil, err
	}
	n, err := readNode(ctx, s, id, lk)
	if err != nil {
		release(ctx, lk)
		return nil, err
	}
	return n, nil
}

func readNode(ctx context.Context, s *session.Session, id string, lk *lock.Lock) (*lockedNode, error) {
	data, stat, err := s.Get(ctx, nodePath(id))
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, errHusk
	}
	n, err := record.ParseNode(id, data)
	if err != nil {
		return nil, err
	}
	return &lockedNode{Node: n, lock: lk, version: stat.Version, saved: n.State}, nil
}

// release gives a lock back. A failure means that the session is ending, and the lock with it.
func release(ctx context.Context, lk *lock.Lock) { _ = lk.Release(ctx) }

// lockedRequest is a request whose lock we hold, as it was last read or written.
type lockedRequest struct {
	*record.Request
	lock    *lock.Lock
	version int32
}

// lockRequest takes a request's lock without waiting and reads the request again. The lock is not held when it fails.
func lockRequest(ctx context.Context, s *session.Session, id string) (*lockedRequest, error) {
	lk, err := lock.Try(ctx, s, requestLockPath(id), "")
	if err != nil {
		return nil, err
	}
	data, stat, err := s.Get(ctx, requestPath(id))
	if err == nil {
		var r *record.Request
		if r, err = record.ParseRequest(id, data); err == nil {
			return &lockedRequest{Request: r, lock: lk, version: stat.Version}, nil
		}
	}
	release(ctx, lk)
	return nil, err
}

// save writes the request.
func (r *lockedRequest) save(ctx context.Context) (int64, error) {
	stat, err := r.lock.Write(ctx, requestPath(r.ID), r.Encode(), r.version)
	if err != nil {
		return 0, err
	}
	r.version = stat.Version
	return stat.Mzxid, nil
}

// mostInOneStep bounds the nodes whose locks go in the same step as the request: ZooKeeper takes packets of 1 MiB.
const mostInOneStep = 1000

// finish writes the request and releases the locks of its nodes and its own, in one step: nobody sees it finished with
// a lock still held, or the locks gone with it unfinished (protocol.md 4.6.4 step 9 asks for the order; a step is
// stronger). When the reply gets lost it looks whether it was done.
func (r *lockedRequest) finish(ctx context.Context, s *session.Session, nodes []*lockedNode) (int64, error) {
	if len(nodes) > mostInOneStep {
		// Too large for one packet: the nodes first, as protocol.md has it. After a crash in between the request is
		// pending with READY nodes, and is resumed.
		for _, n := range nodes {
			release(ctx, n.lock)
		}
		nodes = nil
	}
	var ops []any
	for _, n := range nodes {
		ops = append(ops, n.lock.ReleaseOp())
	}
	ops = append(ops, session.SetOp(requestPath(r.ID), r.Encode(), r.version), r.lock.ReleaseOp())
	for {
		resp, err := s.Multi(ctx, ops...)
		if err == nil {
			r.released(nodes)
			return resp[len(nodes)].Stat.Mzxid, nil
		}
		if !errors.Is(err, zk.ErrConnectionClosed) {
			return 0, err
		}
		held, _, err := s.Exists(ctx, r.lock.Contender())
		if err != nil {
			return 0, err
		}
		if !held {
			// Done: our lock goes only with this step, or with the session.
			r.released(nodes)
			return 0, nil
		}
	}
}

func (r *lockedRequest) released(nodes []*lockedNode) {
	for _, n := range nodes {
		n.lock.MarkReleased()
	}
	r.lock.MarkReleased()
}
