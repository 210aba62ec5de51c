package setback

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// QuotaUsedUp notes that the cloud's quota refused a node of a label. The whole pool waits: it serves its requests in
// order, so none may overtake one that waits for quota.
func (m *Memory) QuotaUsedUp(l *config.PoolLabel, began, now time.Time) State {
	p := at(m.pools, poolOf(l))
	p.fail(quotaCurve, began, now, m.dice())
	return p.state(now)
}

// Freed notes that nodes of a provider are gone, and with them what they took of its quota: who waits for that need not
// wait longer. The back-off goes on from where it was if that was not enough.
func (m *Memory) Freed(provider string, now time.Time) {
	for key, p := range m.pools {
		if key.Provider == provider && now.Before(p.until) {
			p.until = now
		}
	}
}

// Quota tells whether a pool waits for the cloud's quota.
func (m *Memory) Quota(pool Pool, now time.Time) State {
	if m == nil || m.pools[pool] == nil {
		return State{}
	}
	return m.pools[pool].state(now)
}
