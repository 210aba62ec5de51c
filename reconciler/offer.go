package reconciler

import (
	"sync/atomic"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// offer is a configuration that was loaded and waits for the loop to put it into force. A newer one takes its place.
type offer struct {
	cfg  *atomic.Pointer[config.Config]
	made chan struct{} // says that there is one, or was
}

func newOffer() offer {
	return offer{new(atomic.Pointer[config.Config]), make(chan struct{}, 1)}
}

func (o offer) make(c *config.Config) {
	o.cfg.Store(c)
	o.remind()
}

// remind says again that there is one.
func (o offer) remind() {
	select {
	case o.made <- struct{}{}:
	default:
	}
}

// look returns what is on offer, nil for nothing. It stays on offer: a session may end before it is in force.
func (o offer) look() *config.Config { return o.cfg.Load() }

// take takes c off, unless a newer one has taken its place.
func (o offer) take(c *config.Config) bool { return o.cfg.CompareAndSwap(c, nil) }
