package desire

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// View is everything a decision depends on. Decide does not change it.
type View struct {
	Now    time.Time
	Config *config.Config

	Requests map[string]*Request
	Nodes    map[string]*Node
	// Pools are all registered pool components, ours and others', by pool id.
	Pools map[string]*record.Pool
	// PoolGone is when the last pool was seen to vanish, zero for never.
	PoolGone time.Time
	// Own maps a pool of ours to the id under which it is registered.
	Own map[PoolKey]string
	// Handlers are the accepted requests, by request id, from the decision on: what they are about to take counts.
	Handlers map[string]*Handler
	// MinReady are the outstanding min-ready requests of this launcher: request id to label.
	MinReady map[string]string
	// Images tells the READY upload of a diskimage for a provider: what node.image_id becomes. Missing: none.
	Images map[ImageKey]string
	// MinReadyAfter holds back min-ready requests of a label after one failed.
	MinReadyAfter map[string]time.Time
	// Clouds is what was looked up, by provider; nothing is looked up for those that are missing.
	Clouds map[string]*Cloud
	// Setbacks is what clouds refused lately; nil: nothing.
	Setbacks *setback.Memory
	// Draining is set while the launcher stops: what was accepted is finished, paused requests are given back, and
	// nothing new is begun.
	Draining bool
	// Full is set while there is no room to remember another node: what was accepted waits, and other launchers, whose
	// disks have room, are left what is open.
	Full bool
	// Due says which periodic tasks fall due in this pass.
	Due Due
}

// PoolKey names a pool of a provider.
type PoolKey struct{ Provider, Pool string }

// ImageKey names a diskimage of a provider.
type ImageKey struct{ Provider, Image string }

// Due are the periodic tasks of protocol.md 4.8 and 4.9.
type Due struct {
	Ages bool // max-ready-age, max-hold-age
	Lost bool // pending requests that nobody works on
}

// Request is a request as last seen.
type Request struct {
	*record.Request
	Busy bool // a decision about it is being carried out
	// NotBefore holds back the next try after one that failed: locked by somebody, or an error.
	NotBefore time.Time
}

// Node is a node as last seen.
type Node struct {
	*record.Node
	Busy bool // a decision about it is being carried out
	Held bool // this launcher holds its lock for a handler
	// Contended is set while its lock is known to have contenders, ours included. Known is false while nobody looked.
	Contended, Known bool
	NotBefore        time.Time
	// Foreign is set when its resources are in a workspace that another launcher keeps.
	Foreign bool
	// Vanished is set when the cloud has lost something of it.
	Vanished bool
}

// Handler is one accepted request. The launcher holds the request's lock and the locks of its nodes, or, while it is
// busy, is about to take them.
type Handler struct {
	Request  string
	Provider string
	Pool     string
	Nodes    []HandlerNode
	Paused   bool
	Busy     bool
	// Error is set when handling it failed in a way that no retry mends; it is then declined.
	Error string
	// Zone is that of the first reused node, "" while none is chosen.
	Zone string
}

// HandlerNode is one node of a handler.
type HandlerNode struct {
	Key    int // tells it from the others of its handler while it has no id
	Label  string
	ID     string // "" while its record is being created
	Status Status
	Reason string // why it failed
	// Began is when its launch was decided, zero for one that is reused or was begun by an earlier daemon.
	Began time.Time
}

// Status of a handler's node.
type Status int

// The life of a handler's node. Launching covers everything from the creation of its record to its host key scan.
const (
	Launching Status = iota
	Ready
	Failed  // all attempts used up
	Aborted // quota error of the cloud: its label is wanted again, as a new node
)
