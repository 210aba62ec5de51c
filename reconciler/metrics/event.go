package metrics

import "time"

// Launch is an attempt that ended.
type Launch struct {
	Provider  string
	Zone      string // "" for unknown
	Image     string // of the configuration, "" for none
	Requestor string
	Result    string // of operator-surface.md 3.3: ready, error.quota, ...
	Class     string // of a failure, see execute.Class
	Took      time.Duration
}

// Run is a Terraform run that ended.
type Run struct {
	Provider string
	Kind     string // create, destroy, refresh, list
	Failed   bool
	Took     time.Duration
}

// Results of launches.
const (
	Ready        = "ready"
	ErrQuota     = "error.quota"
	ErrCapacity  = "error.capacity"
	ErrSession   = "error.zksession"
	ErrKeyscan   = "error.keyscan"
	ErrTimeout   = "error.servercreatetimeout"
	ErrNetwork   = "error.network"
	ErrUnknown   = "error.unknown"
	failureLabel = "failure"
	successLabel = "success"
)

// Phases of a launch.
const (
	PhaseQueue   = "queue"   // until its Terraform run begins
	PhaseApply   = "apply"   // until the node's resources are complete
	PhaseKeyscan = "keyscan" // until its host keys are known and it is READY
)
