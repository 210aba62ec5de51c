package admin

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// LockWait is how long an operator's command waits for a lock (protocol.md 3.3).
const LockWait = 5 * time.Second

// Hold puts a node into state `hold`: nobody uses or deletes it until max-hold-age is over, somebody deletes it, or, where
// an autohold made it, Zuul gives it back. It waits for the node's lock as long as wait says, 0 for ever.
func Hold(ctx context.Context, s *session.Session, id string, wait time.Duration, now func() time.Time) error {
	return change(ctx, s, id, wait, func(n *record.Node) error {
		if !n.State.CanBecome(record.NodeHold) {
			return refused("ask for another node", "node %s is in state %s and cannot be held any more", id, n.State)
		}
		n.SetState(record.NodeHold, now())
		return nil
	})
}

// Promised says that a node which was put into hold is handed to a request all the same: READY and unlocked it waits for a
// job, whose executor does not look at the state. "" when it is not.
func Promised(before *record.Node) string {
	if before.State != record.NodeReady || before.AllocatedTo == "" {
		return ""
	}
	return fmt.Sprintf("node %s is handed to request %s, and its job may take it even now: `nodepool-tf hold --wait %s` once it is in use keeps it after the job",
		before.ID, quote(before.AllocatedTo), before.ID)
}

// Delete puts a node into state `deleting`. The launcher that serves its provider destroys what it has in the cloud and
// removes the record.
func Delete(ctx context.Context, s *session.Session, id string, now func() time.Time) error {
	return change(ctx, s, id, LockWait, func(n *record.Node) error {
		n.SetState(record.NodeDeleting, now())
		return nil
	})
}

// Node reads one node. It is a Refusal when there is none.
func Node(ctx context.Context, s *session.Session, id string) (*record.Node, error) {
	n, _, err := readNode(ctx, s, id)
	return n, err
}

// nodeID is what node ids look like (protocol.md 1.2). Whatever else is asked for cannot be one, and must not become
// part of a path.
var nodeID = regexp.MustCompile(`^[0-9]{1,20}$`)

func noNode(id string) error {
	return missing("`nodepool-tf list` shows those there are", "there is no node %s", quote(id))
}

func readNode(ctx context.Context, s *session.Session, id string) (*record.Node, int32, error) {
	if !nodeID.MatchString(id) {
		return nil, 0, noNode(id)
	}
	data, stat, err := s.Get(ctx, nodePath(id))
	if errors.Is(err, zk.ErrNoNode) || err == nil && len(data) == 0 {
		return nil, 0, noNode(id)
	}
	if err != nil {
		return nil, 0, err
	}
	n, err := record.ParseNode(id, data)
	if err != nil {
		return nil, 0, err
	}
	return n, stat.Version, nil
}

// change changes a node's record under its lock (protocol.md 3.4). How says no with an error.
func change(ctx context.Context, s *session.Session, id string, wait time.Duration, how func(*record.Node) error) error {
	before, _, err := readNode(ctx, s, id)
	if err != nil {
		return err
	}
	lk, err := acquire(ctx, s, nodePath(id)+"/lock", wait)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return noNode(id) // gone while we waited
	case errors.Is(err, errWaited):
		return fmt.Errorf("%s is locked by whoever uses it, for more than %s: `nodepool-tf explain %s` says who that is", describe(before), wait, id)
	case err != nil:
		return err
	}
	defer func() { _ = lk.Release(context.WithoutCancel(ctx)) }()
	for {
		n, version, err := readNode(ctx, s, id)
		if isHusk(n, err) {
			// It was deleted while we queued, and our contender kept the last of it from going.
			_ = s.DeleteAll(ctx, nodePath(id)) // a launcher does it otherwise
			return noNode(id)
		}
		if err != nil {
			return err
		}
		if err := how(n); err != nil {
			return err
		}
		_, err = lk.Write(ctx, nodePath(id), n.Encode(), version)
		if errors.Is(err, zk.ErrBadVersion) {
			continue // somebody wrote without the lock: again, on what it says now
		}
		return err
	}
}

func isHusk(n *record.Node, err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Missing || err == nil && (n.State == record.NodeDeleted || n.Provider == "")
}

// describe says what a node is, for messages.
func describe(n *record.Node) string {
	text := fmt.Sprintf("node %s (%s", n.ID, n.State)
	if n.AllocatedTo != "" {
		text += ", for request " + quote(n.AllocatedTo)
	}
	return text + ")"
}

var errWaited = errors.New("the lock is held by somebody else")

// acquire takes a lock, waiting for so long, 0 for ever.
func acquire(ctx context.Context, s *session.Session, dir string, wait time.Duration) (*lock.Lock, error) {
	waiting := ctx
	if wait > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	lk, err := lock.Acquire(waiting, s, dir, "")
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, errWaited
	}
	return lk, err
}
