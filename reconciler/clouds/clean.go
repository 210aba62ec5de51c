package clouds

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Cleaner is a Cloud in which things are left over that carry no tags: no list can tell whose node they were made for.
type Cleaner interface {
	// CleanEvery is how long to wait between two calls of Clean; 0: nothing is to be cleaned.
	CleanEvery() time.Duration
	// Clean looks once, and removes what earlier looks saw too. It tells what it has removed, with an error too.
	Clean(ctx context.Context, now time.Time) ([]driver.Resource, error)
}

// clean cleans one cloud until ctx ends. Launchers that start at once do not look at once.
func (w *Watch) clean(ctx context.Context, a *asker) {
	defer close(a.cleaned)
	c, ok := a.cloud.(Cleaner)
	if !ok || c.CleanEvery() <= 0 {
		return
	}
	every := c.CleanEvery()
	log := w.log.With("provider", a.provider.Name)
	failing := false
	for wait := spread(0, every); sleep(ctx, wait, nil); wait = spread(every, every/4) {
		removed, err := cleanOnce(ctx, c)
		for _, r := range removed {
			log.Warn("left over without a node's tags, and removed", "type", r.Type, "id", r.ID)
			w.removed(a.provider.Name, r.Type)
		}
		if err != nil && !failing && ctx.Err() == nil {
			log.Warn("what is left over in the cloud could not all be removed; it is tried again", "err", Text(err))
		}
		failing = err != nil
	}
}

func cleanOnce(ctx context.Context, c Cleaner) ([]driver.Resource, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	return c.Clean(ctx, time.Now())
}

// spread is a time from d on, shorter than d and more.
func spread(d, more time.Duration) time.Duration {
	return d + time.Duration(rand.Float64()*float64(more)) //nolint:gosec // spread, no secret
}
