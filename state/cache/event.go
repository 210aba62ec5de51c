package cache

import (
	"context"
	"errors"
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Kind says what an Event is about.
type Kind int

// The kinds of events.
const (
	RequestChanged Kind = iota + 1
	NodeChanged
	PoolChanged
	LockChanged
	Malformed // the data is no record; Of says which kind it should be
)

// String returns a word for logs.
func (k Kind) String() string {
	switch k {
	case RequestChanged:
		return "request"
	case NodeChanged:
		return "node"
	case PoolChanged:
		return "pool"
	case LockChanged:
		return "lock"
	case Malformed:
		return "malformed"
	}
	return fmt.Sprintf("kind %d", int(k))
}

// Event is one change. Records are the reader's to keep; clone before changing
// what others may read.
type Event struct {
	Kind    Kind
	Of      Kind   // Malformed: RequestChanged, NodeChanged or PoolChanged
	ID      string // znode name; for LockChanged the node id
	Request *record.Request
	Node    *record.Node
	Pool    *record.Pool // all three nil: gone
	Version int32        // data version, for a versioned write
	Mzxid   int64        // transaction of the last write
	Czxid   int64        // transaction of the creation

	Contenders []string // LockChanged: names, the holder first
	Err        error    // Malformed: why
}

// ErrStopped is returned by Next after Close, or when the context given to Start ended.
var ErrStopped = errors.New("cache is stopped")

// Next waits until there are events and returns all of them, in order. It
// fails when ctx ends, the cache is stopped or the session is over; events that
// were queued before are returned first.
func (c *Cache) Next(ctx context.Context) ([]Event, error) {
	for {
		if events := c.Queued(); len(events) > 0 {
			return events, nil
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-c.life.Done():
			return nil, c.whyStopped()
		}
	}
}

// Queued returns the events that are there already, in order, without waiting.
func (c *Cache) Queued() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	events := c.events
	c.events = nil
	return events
}

// whyStopped tells the end of the session from a stop that was asked for.
func (c *Cache) whyStopped() error {
	if err := c.s.Err(); err != nil {
		return fmt.Errorf("follow the state: %w", err)
	}
	return ErrStopped
}

// emit queues an event; c.mu is held.
func (c *Cache) emit(ev Event) {
	c.events = append(c.events, ev)
	select {
	case c.wake <- struct{}{}:
	default: // a wake-up is pending already
	}
}
