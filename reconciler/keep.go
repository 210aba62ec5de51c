package reconciler

import (
	"context"
	"errors"
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// errTakenOver is why a launch ends whose workspace another launcher has taken over.
var errTakenOver = errors.New("another launcher has taken its workspace over")

// openStore claims this launcher's lease for a session and has the manager keep its workspaces with it.
func (l *Launcher) openStore(ctx context.Context, s *session.Session, tree string) (*store.Store, error) {
	key, err := stateKey(l.opts.Config, tree)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range l.opts.Config.Providers {
		names = append(names, p.Name)
	}
	st, err := store.Open(ctx, s, store.Options{
		ID: l.stateID, About: store.About{Hostname: l.fqdn, Version: l.opts.Version, Providers: names}, Key: key, Log: l.log,
	})
	if err != nil {
		return nil, fmt.Errorf("claim the workspaces: %w", err)
	}
	if err := s.EnsurePath(ctx, membersPath+"/"+l.stateID); err != nil {
		return nil, err
	}
	own, err := st.Own(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the workspaces that are kept for this launcher: %w", err)
	}
	if err := execute.RenewLease(l.opts.Config.Terraform.StateDir); err != nil {
		return nil, err
	}
	l.manager.Attach(st, own)
	return st, nil
}

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
