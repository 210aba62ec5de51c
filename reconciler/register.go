package reconciler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// registration is a component of ours. The znode goes with the session.
type registration struct {
	path string
	pool *record.Pool
	busy bool
}

// register announces the launcher and its pools. A pool is registered by the loop that serves it, so that nobody waits
// for a pool that does not work (protocol.md 9.8).
func (lp *loop) register(ctx context.Context) error {
	host := shortHost(lp.l.fqdn)
	c := record.Component{Hostname: lp.l.fqdn, Kind: "launcher", State: record.ComponentRunning, Version: lp.l.opts.Version}
	if _, err := lp.s.Create(ctx, componentsPath+"/launcher/"+host, c.Encode(), zk.FlagEphemeral|zk.FlagSequence); err != nil {
		return fmt.Errorf("register launcher: %w", err)
	}
	select {
	case <-lp.l.draining:
		return nil
	default:
	}
	for _, p := range lp.cfg.Providers {
		for _, pool := range p.Pools {
			key := desire.PoolKey{Provider: p.Name, Pool: pool.Name}
			labels := slices.Clone(pool.LabelNames)
			slices.Sort(labels)
			rec := &record.Pool{
				ID: lp.l.own[key], Hostname: lp.l.fqdn, Name: pool.Name, ProviderName: p.Name, SupportedLabels: labels,
				Priority: pool.Priority, State: record.ComponentRunning, Kind: "pool", Version: lp.l.opts.Version,
			}
			path, err := lp.s.Create(ctx, componentsPath+"/pool/"+host, rec.Encode(), zk.FlagEphemeral|zk.FlagSequence)
			if err != nil {
				return fmt.Errorf("register pool %s of provider %s: %w", pool.Name, p.Name, err)
			}
			lp.pools[key] = &registration{path: path, pool: rec}
			lp.view.Own[key] = rec.ID
			// At once, not when the cache sees it: else the first of our pools to be seen could fail what another offers.
			lp.view.Pools[rec.ID] = rec
		}
	}
	return nil
}

// unregister makes our pools vanish for everybody else.
func (lp *loop) unregister() {
	for _, r := range lp.pools {
		path := r.path
		lp.do(func(ctx context.Context) {
			if err := lp.s.Delete(ctx, path, -1); err != nil && !errors.Is(err, zk.ErrNoNode) && ctx.Err() == nil {
				lp.log.Warn("unregister pool", "path", path, "err", err)
			}
		})
	}
}

// setPaused publishes whether a pool is paused.
func (lp *loop) setPaused(d desire.SetPaused) {
	r := lp.pools[d.PoolKey]
	if r == nil || r.busy {
		return
	}
	rec := *r.pool
	rec.Paused = d.Paused
	r.busy = true
	lp.do(func(ctx context.Context) {
		_, err := lp.s.Set(ctx, r.path, rec.Encode(), -1)
		lp.post(func() {
			r.busy = false
			if err != nil {
				return // the next pass tries again
			}
			r.pool = &rec
			lp.view.Pools[rec.ID] = &rec
			lp.log.Info("pool paused", "provider", d.Provider, "pool", d.Pool, "paused", d.Paused)
		})
	})
}

// poolOf is the pool id under a component's znode name.
func (lp *loop) poolOf(znode string) string { return lp.poolNames[znode] }

// rememberPool keeps the link from a component's znode, which is all that a deletion names, to its pool id.
func (lp *loop) rememberPool(znode string, p *record.Pool) {
	if p == nil {
		delete(lp.poolNames, znode)
	} else {
		lp.poolNames[znode] = p.ID
	}
}
