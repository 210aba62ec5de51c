package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// errTakenOver is why a launch ends whose workspace another launcher has taken over.
var errTakenOver = errors.New("another launcher has taken its workspace over")

// openStore claims this launcher's lease for a session and has the manager keep its workspaces with it.
func (l *Launcher) openStore(ctx context.Context, s *session.Session, tree string) (*store.Store, error) {
	key, err := stateKey(l.config(), tree)
	if err != nil {
		return nil, err
	}
	if err := l.awaitOther(ctx, s); err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, s, store.Options{
		ID: l.stateID, About: l.about(), Key: key, Log: l.log,
	})
	if err != nil {
		return nil, fmt.Errorf("claim the workspaces: %w", err)
	}
	own, err := st.Own(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the workspaces that are kept for this launcher: %w", err)
	}
	if err := execute.RenewLease(l.config().Terraform.StateDir); err != nil {
		return nil, err
	}
	taken, err := l.wasTaken(ctx, s)
	if err != nil {
		return nil, err
	}
	l.manager.Attach(st, own, taken)
	return st, nil
}

// about is what the other launchers are told of this one.
func (l *Launcher) about() store.About {
	return store.About{Hostname: l.fqdn, Version: l.opts.Version, Providers: providerNames(l.config()), AsksAgain: true}
}

// wasTaken reports whether a taker has begun to take our workspaces over since the last session, by the version of our
// entry among the members, which takers write. One that is not higher than before (a ZooKeeper restored from a backup)
// tells nothing.
func (l *Launcher) wasTaken(ctx context.Context, s *session.Session) (bool, error) {
	path := membersPath + "/" + l.stateID
	if err := s.EnsurePath(ctx, path); err != nil {
		return false, err
	}
	_, stat, err := s.Get(ctx, path)
	if err != nil {
		return false, err
	}
	file := filepath.Join(l.config().Terraform.StateDir, "member-version")
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return false, err
	}
	before, known := strconv.Atoi(strings.TrimSpace(string(data)))
	return known == nil && int(stat.Version) > before, execute.WriteDurable(file, []byte(strconv.Itoa(int(stat.Version))+"\n"))
}

// awaitOther waits while a process on another machine holds our lease. On this machine it can only be the process before
// this one, which the state directory's lock proves to be dead; elsewhere it may be alive, with a copy of the directory.
func (l *Launcher) awaitOther(ctx context.Context, s *session.Session) error {
	for said := false; ; {
		about, held, err := store.Incumbent(ctx, s, l.stateID)
		if err != nil || !held || about.Hostname == l.fqdn {
			return err
		}
		if !said {
			said = true
			l.log.Warn("this state directory is in use on another machine, or was a moment ago: waiting until its ZooKeeper session ends",
				"host", about.Hostname, "hint", "was the directory copied? a launcher needs one of its own: start with an empty terraform.state-dir here")
		}
		select {
		case <-time.After(time.Second):
		case <-s.Done():
			return s.Err()
		case <-l.draining:
			return errStopping
		case <-l.next.made:
			l.next.remind()
			return errMoved
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errStopping = errors.New("stopping")

// stateKey is the key of the copies of the workspaces, nil when none is configured. Salted with the tree's id, so that
// all launchers of a tree get the same one.
func stateKey(c *config.Config, tree string) (*store.Key, error) {
	if c.Terraform.StateKey == "" {
		return nil, nil // said once, at the start
	}
	key, err := store.NewKey(c.Terraform.StateKey, []byte(tree))
	if err != nil {
		return nil, fmt.Errorf("terraform.state-key in the secure file: %w", err)
	}
	return key, nil
}

// nodeTaken lets go of a node whose workspace another launcher has taken over.
func (lp *loop) nodeTaken(id string) {
	if n := lp.deletions[id]; n != nil {
		delete(lp.deletions, id)
		lp.do(func(ctx context.Context) { release(ctx, n.lock) })
	}
	if n := lp.view.Nodes[id]; n != nil {
		n.Busy, n.Held = false, false
		n.Foreign = lp.foreign(n.Node)
		lp.watch(n)
	}
}

// renewLease tells the workers that this launcher still holds its lease. A loop that hangs, or has no ZooKeeper, does not.
func (lp *loop) renewLease() {
	if lp.s.Suspended() {
		return
	}
	if err := execute.RenewLease(lp.cfg.Terraform.StateDir); err != nil {
		lp.log.Warn("renew the lease of the workers", "err", err)
	}
}
