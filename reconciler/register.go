package reconciler

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// registration is a component of ours. The znode goes with the session.
type registration struct {
	path string // "" while it is being created
	pool *record.Pool
	busy bool
	gone bool // the pool was taken from the configuration while busy
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
		if p.Metastatic() {
			continue // once this launcher is the one that gives its slots
		}
		for _, pool := range p.Pools {
			r := lp.registration(pool)
			if err := lp.enrol(ctx, r); err != nil {
				return err
			}
			lp.enrolled(keyOf(pool), r)
		}
	}
	return nil
}

func keyOf(pool *config.Pool) desire.PoolKey {
	return desire.PoolKey{Provider: pool.Provider.Name, Pool: pool.Name}
}

// registration makes what is announced of a pool. A pool keeps its id as long as it is configured.
func (lp *loop) registration(pool *config.Pool) *registration {
	key := keyOf(pool)
	if lp.l.own[key] == "" {
		lp.l.own[key] = record.PoolID(lp.l.fqdn, key.Provider, key.Pool, lp.l.stateID)
	}
	rec := &record.Pool{
		ID: lp.l.own[key], Hostname: lp.l.fqdn, Name: pool.Name, ProviderName: key.Provider,
		State: record.ComponentRunning, Kind: "pool", Version: lp.l.opts.Version,
	}
	advertise(rec, pool)
	return &registration{pool: rec}
}

// advertise writes into a component what others choose a pool by.
func advertise(rec *record.Pool, pool *config.Pool) {
	rec.SupportedLabels = slices.Sorted(slices.Values(pool.LabelNames))
	rec.Priority = pool.Priority
}

// enrol writes a component.
func (lp *loop) enrol(ctx context.Context, r *registration) error {
	znode, err := lp.s.Create(ctx, componentsPath+"/pool/"+shortHost(lp.l.fqdn), r.pool.Encode(), zk.FlagEphemeral|zk.FlagSequence)
	if err != nil {
		return fmt.Errorf("register pool %s of provider %s: %w", r.pool.Name, r.pool.ProviderName, err)
	}
	r.path = znode
	return nil
}

// enrolled notes a component that is written: at once, not when the cache sees it, else the first of our pools to be
// seen could fail what another offers.
func (lp *loop) enrolled(key desire.PoolKey, r *registration) {
	lp.pools[key] = r
	lp.view.Own[key] = r.pool.ID
	lp.seePool(path.Base(r.path), r.pool)
	lp.serveSlots(key.Provider)
}

// syncPools makes the registry say what is configured: new pools are announced, those that are gone vanish, and what the
// others offer is brought up to date (protocol.md 4.2 step 3).
func (lp *loop) syncPools() {
	if lp.view.Draining {
		return
	}
	configured := map[desire.PoolKey]bool{}
	for _, p := range lp.cfg.Providers {
		if p.Metastatic() && !lp.givesSlots(p) {
			continue
		}
		for _, pool := range p.Pools {
			key := keyOf(pool)
			configured[key] = true
			if r := lp.pools[key]; r != nil {
				lp.publish(key, func(rec *record.Pool) { advertise(rec, pool) })
			} else {
				lp.announce(key, lp.registration(pool))
			}
		}
	}
	for key, r := range lp.pools {
		if !configured[key] {
			lp.withdraw(key, r)
		}
	}
}

// announce registers a pool while the launcher runs. What fails ends the session: the next one registers everything.
func (lp *loop) announce(key desire.PoolKey, r *registration) {
	r.busy = true
	lp.pools[key] = r
	lp.do(func(ctx context.Context) {
		err := lp.enrol(ctx, r)
		lp.post(func() {
			r.busy = false
			switch {
			case err != nil:
				lp.over = err
			case r.gone || lp.view.Draining:
				lp.remove(r)
			default:
				lp.enrolled(key, r)
				lp.log.Info("pool registered", "provider", key.Provider, "pool", key.Pool, "id", r.pool.ID)
				lp.syncPools() // what changed meanwhile
			}
		})
	})
}

// withdraw takes a pool out of the registry. Requests that it has in hand are declined with the id that they were
// accepted under; the pool gets another if it comes back, for declines are for good (protocol.md 9.7).
func (lp *loop) withdraw(key desire.PoolKey, r *registration) {
	lp.notPaused(key)
	delete(lp.pools, key)
	delete(lp.view.Own, key)
	delete(lp.view.Pools, r.pool.ID)
	delete(lp.l.own, key)
	lp.serveSlots(key.Provider)
	lp.log.Info("pool unregistered", "provider", key.Provider, "pool", key.Pool, "id", r.pool.ID)
	if r.gone = r.path == ""; !r.gone {
		lp.remove(r)
	}
}

// remove deletes a component.
func (lp *loop) remove(r *registration) {
	lp.do(func(ctx context.Context) {
		err := lp.s.Delete(ctx, r.path, -1)
		if err == nil || errors.Is(err, zk.ErrNoNode) || ctx.Err() != nil {
			return
		}
		lp.log.Warn("unregister pool", "path", r.path, "err", err)
		lp.post(func() {
			if !lp.view.Draining {
				lp.over = err // with the session it goes
			}
		})
	})
}

// unregister makes our pools vanish for everybody else.
func (lp *loop) unregister() {
	for _, r := range lp.pools {
		if r.path != "" {
			lp.remove(r)
		}
	}
}

// notPaused ends what is counted of a pool's pause: its registration is gone, or goes, and the next one begins unpaused.
func (lp *loop) notPaused(key desire.PoolKey) {
	if r := lp.pools[key]; r.pool.Paused {
		lp.l.opts.Meter.Paused(key.Provider, key.Pool, false)
	}
}

// setPaused publishes whether a pool is paused.
func (lp *loop) setPaused(d desire.SetPaused) {
	lp.publish(d.PoolKey, func(rec *record.Pool) { rec.Paused = d.Paused })
}

// publish changes what the registry says of a pool. One that fails, or that finds another under way, is made again by the
// next pass or tick.
func (lp *loop) publish(key desire.PoolKey, change func(*record.Pool)) {
	r := lp.pools[key]
	if r == nil || r.busy {
		return
	}
	rec := *r.pool
	change(&rec)
	if string(rec.Encode()) == string(r.pool.Encode()) {
		return
	}
	r.busy = true
	lp.do(func(ctx context.Context) {
		_, err := lp.s.Set(ctx, r.path, rec.Encode(), -1)
		lp.post(func() {
			r.busy = false
			if err != nil || lp.pools[key] != r {
				return
			}
			was := r.pool
			r.pool = &rec
			lp.view.Pools[rec.ID] = &rec
			if was.Paused != rec.Paused {
				lp.l.opts.Meter.Paused(key.Provider, key.Pool, rec.Paused)
				lp.log.Info("pool paused", "provider", key.Provider, "pool", key.Pool, "paused", rec.Paused)
			} else {
				lp.log.Info("pool offers other labels, or another priority", "provider", key.Provider, "pool", key.Pool, "labels", rec.SupportedLabels, "priority", rec.Priority)
			}
		})
	})
}
