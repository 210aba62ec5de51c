package reconciler

import (
	"context"
	"errors"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Another configuration comes into force between two passes. Unchanged providers are the very values that they were (see
// config.Follow), so what holds one of their labels goes on undisturbed. Of those that changed or are gone:
//
//   - live nodes stay as they are: their blocks are written already, and nodes of a provider that is gone are nobody's to
//     touch (protocol.md 4.12);
//   - launches under way go on as they were begun. Those that wait for a run, and later attempts, are made as configured
//     now, or fail if their label is gone;
//   - requests in hand whose pool or label is gone are declined once their launches have ended, unless all their nodes are
//     ready: those are handed over (desire);
//   - what clouds refused is forgotten: somebody may have mended it.

// errMoved ends a session whose servers are no longer those of the configuration.
var errMoved = errors.New("the configuration names other ZooKeeper settings")

// adopt puts what is on offer into force. Where its labels use images of the builder that are not known yet, those are
// looked up first: a label whose image is unknown declines requests.
func (lp *loop) adopt() {
	if lp.adopting || lp.view.Draining {
		return
	}
	c := lp.l.next.look()
	if c == nil {
		return
	}
	lp.adopting = true
	lp.do(func(ctx context.Context) {
		images := lp.findImages(ctx, c)
		lp.post(func() {
			lp.adopting = false
			if lp.view.Draining {
				return
			}
			if lp.l.next.take(c) {
				lp.swap(c)
				lp.setImages(images)
			}
			lp.adopt() // what came meanwhile
		})
	})
}

func (lp *loop) swap(c *config.Config) {
	changes := lp.l.follow(lp.l.live, c)
	lp.cfg, lp.view.Config, lp.machinesDue = c, c, true
	lp.seeClouds() // of what has changed nothing is known
	lp.chooseSlots()
	lp.syncPools()
	lp.relaunch()
	for _, n := range lp.view.Nodes { // whose provider is configured has changed
		lp.watch(n)
	}
	lp.removed(changes.Providers.Removed)
	if !slices.Equal(changes.Providers.Added, changes.Providers.Removed) {
		lp.do(lp.describe)
	}
	if changes.ZooKeeper {
		lp.over = errMoved
	}
}

// describe tells the other launchers which providers we serve now.
func (lp *loop) describe(ctx context.Context) {
	if err := lp.peers.store.SetAbout(ctx, lp.l.about()); err != nil && ctx.Err() == nil {
		lp.log.Warn("the other launchers could not be told which providers are served here", "err", err)
	}
}

// label is a pool's label as configured now, nil when it is not.
func (lp *loop) label(provider, pool, label string) *config.PoolLabel {
	if p := lp.cfg.Provider(provider); p != nil {
		if pool := p.Pool(pool); pool != nil {
			return pool.Labels[label]
		}
	}
	return nil
}

// labelNow is a launch's label as configured now, nil when it is not.
func (lp *loop) labelNow(la *launch) *config.PoolLabel {
	return lp.label(la.node.Provider, la.node.Pool, la.label.Name)
}

// errUnconfigured is why a launch ends whose label was taken from the configuration.
var errUnconfigured = errors.New("its label is not configured any more")

// relaunch begins those launches anew that still wait for a run and whose label has changed or is gone.
func (lp *loop) relaunch() {
	for _, la := range lp.launches {
		if lp.labelNow(la) != la.label && (la.phase == applying && lp.stopWaiting(la)) {
			lp.start(la)
		}
	}
}

// renew makes the next attempt of a launch one of the label as it is configured now. False: there is no such label.
func (lp *loop) renew(la *launch) bool {
	now := lp.labelNow(la)
	if now == nil {
		lp.launchFailed(la, errUnconfigured, record.NodeFailed)
		return false
	}
	if now != la.label {
		from := lp.basisOf(now)
		la.label, la.image = now, from.id
		la.without, la.choice = nil, setback.Unknown
		fromLabel(la.node.Node, now, from)
	}
	return true
}
