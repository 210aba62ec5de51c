package reconciler

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestPoolWithTwoComponents: a pool that was registered anew stays registered when what its old session left expires, in
// whatever order the two are seen, and is as the newer component says.
func TestPoolWithTwoComponents(t *testing.T) {
	old, anew := &record.Pool{ID: "p", Paused: true}, &record.Pool{ID: "p"}
	type step struct {
		znode string
		pool  *record.Pool
	}
	before, after, expired := step{"host0000000001", old}, step{"host0000000002", anew}, step{"host0000000001", nil}
	for name, steps := range map[string][]step{
		"old is seen first":   {before, after, expired},
		"old is seen last":    {after, before, expired},
		"old is never seen":   {after, expired},
		"old is never over":   {after, before},
		"another pool's goes": {after, {"host0000000003", &record.Pool{ID: "q"}}, {"host0000000003", nil}},
	} {
		lp := &loop{poolNames: map[string]string{}}
		lp.view.Pools = map[string]*record.Pool{}
		for _, s := range steps {
			lp.seePool(s.znode, s.pool)
		}
		if len(lp.view.Pools) != 1 || lp.view.Pools["p"] != anew {
			t.Errorf("%s: %v", name, lp.view.Pools)
		}
		lp.seePool("host0000000001", nil)
		lp.seePool("host0000000002", nil)
		if len(lp.view.Pools) != 0 {
			t.Errorf("%s: all are gone, but %v", name, lp.view.Pools)
		}
	}
}

// TestEnrolledPoolIsKnownByItsComponent: a registration counts from when it is written, before the cache sees it.
func TestEnrolledPoolIsKnownByItsComponent(t *testing.T) {
	lp := &loop{cfg: &config.Config{}, poolNames: map[string]string{}, pools: map[desire.PoolKey]*registration{}}
	lp.view.Pools, lp.view.Own = map[string]*record.Pool{}, map[desire.PoolKey]string{}
	lp.seePool("host0000000001", &record.Pool{ID: "p"})
	lp.enrolled(desire.PoolKey{Provider: "a", Pool: "b"}, &registration{path: componentsPath + "/pool/host0000000002", pool: &record.Pool{ID: "p"}})
	lp.seePool("host0000000001", nil)
	if lp.view.Pools["p"] == nil {
		t.Error("the pool went with the component of the old session")
	}
}
