package metastatic

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// World is what is known of one metastatic provider.
type World struct {
	Now      time.Time
	Provider *config.Provider
	// Backing are its backing nodes, in the order in which they came to be known. Slots are taken from the first.
	Backing []Backing
	// Nodes are all records of the provider, in any state: each that names a slot occupies it.
	Nodes []Node
	// NextKey is greater than all keys of Backing.
	NextKey int
}

// Phase of a backing node.
type Phase int

// The life of a backing node.
const (
	Asked    Phase = iota // its request is being created
	Awaited               // its request is there
	Adopting              // its node is being locked and marked
	Held                  // slots of it are given
	Leaving               // it is being given back
)

// Backing is a backing node, or a request for one.
type Backing struct {
	Key int
	Mark
	Phase Phase
	// Request is, while it is Awaited, as last seen: nil when it is gone.
	Request *record.Request
	// Node is its id, once it is Held, and Record what was last seen of it, nil when it is gone.
	Node   string
	Record *record.Node
	// IdleSince is zero while slots are in use.
	IdleSince time.Time
}

// Node is a node of the provider.
type Node struct {
	ID string
	Place
	// Spare is set when it is READY, allocated to nobody and not marked as vanished.
	Spare bool
	// Launch is set while it is being launched.
	Launch *Launch
}

// Launch is an attempt to give a node a slot.
type Launch struct {
	Label    string
	Deadline time.Time
	// Seat is the slot that was chosen for it, nil while it has none.
	Seat *Seat
	// Finishing is set while its record is being written.
	Finishing bool
}

// Seat is a slot of a backing node that may not be there yet.
type Seat struct{ Key, Slot int }

// Action is one thing to do.
type Action interface{ action() }

type (
	// Ask creates a request for a backing node.
	Ask struct {
		Key     int
		Mark    Mark
		Backing string // label to ask for
	}
	// Adopt locks and marks the node that a request brought.
	Adopt struct {
		Key  int
		Node string
	}
	// Sit chooses a slot for a launch.
	Sit struct {
		Node string
		Seat
	}
	// Finish completes a launch whose backing node is there.
	Finish struct {
		Node string
		Seat
	}
	// Expire ends an attempt whose time is over.
	Expire struct{ Node string }
	// Refused drops a request that brought no node: the attempts that wait for it fail.
	Refused struct {
		Key    int
		Reason string
	}
	// Lose drops a backing node that is not ours any more: who was to get a slot of it gets another.
	Lose struct {
		Key    int
		Reason string
	}
	// Idle notes whether slots of a backing node are in use.
	Idle struct {
		Key int
		Yes bool
	}
	// Release gives a backing node back.
	Release struct {
		Key    int
		Reason string
	}
	// Cancel withdraws the request for a backing node.
	Cancel struct{ Key int }
	// Strand has a node deleted that nobody has and whose backing node is lost.
	Strand struct{ Node string }
)

func (Ask) action()     {}
func (Adopt) action()   {}
func (Sit) action()     {}
func (Finish) action()  {}
func (Expire) action()  {}
func (Refused) action() {}
func (Lose) action()    {}
func (Idle) action()    {}
func (Release) action() {}
func (Cancel) action()  {}
func (Strand) action()  {}
