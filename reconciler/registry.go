package reconciler

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// seePool notes what a component says of a pool, nil for gone. A pool may have two components: after an outage of
// ZooKeeper its launcher registers anew, with the pool's id, while the servers keep what belongs to the old session until
// that expires. What the newer one says counts, and the end of the older one changes nothing.
func (lp *loop) seePool(znode string, p *record.Pool) {
	if p != nil {
		lp.poolNames[znode] = p.ID
		if lp.componentOf(p.ID) == znode {
			lp.view.Pools[p.ID] = p
		}
		return
	}
	id := lp.poolNames[znode] // a deletion names the znode alone
	delete(lp.poolNames, znode)
	if lp.componentOf(id) == "" {
		delete(lp.view.Pools, id)
		lp.view.PoolGone = time.Now()
	}
}

// componentOf is the newest component of a pool, "" for none. It looks at the components of all launchers' pools. Those
// of one pool are its host's, so that their sequence numbers decide.
func (lp *loop) componentOf(pool string) string {
	newest := ""
	for znode, id := range lp.poolNames {
		if id == pool {
			newest = max(newest, znode)
		}
	}
	return newest
}

// registered are all registered pools, whatever they serve, as far as the cache has told; one more that nobody has stands
// for a pool that may be about to register.
type registered struct {
	ids    []string
	znodes map[string]string // component: pool id
}

func (lp *loop) registered() registered {
	r := registered{slices.Collect(maps.Keys(lp.view.Pools)), maps.Clone(lp.poolNames)}
	if lp.view.Awaited() {
		r.ids = append(r.ids, "")
	}
	return r
}

// now adds pools that registered a moment ago: a request that all pools have declined fails for good, so nobody may be
// overlooked. What cannot be read counts for nothing, as in the cache.
func (r registered) now(ctx context.Context, s *session.Session) []string {
	ids := r.ids
	znodes, _, err := s.Children(ctx, componentsPath+"/pool")
	if err != nil {
		return ids // the write that follows fails as well
	}
	for _, znode := range znodes {
		if r.znodes[znode] != "" {
			continue
		}
		data, _, err := s.Get(ctx, componentsPath+"/pool/"+znode)
		if err != nil {
			continue
		}
		if p, err := record.ParsePool(data); err == nil {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
