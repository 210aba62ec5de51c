package status

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
)

// Provider is a provider of the configuration.
type Provider struct {
	Name, Driver string
	// Driven is false for those whose driver this release does not have: their nodes are somebody else's.
	Driven bool
	// Up is false from a failure that tells of the provider itself (credentials, configuration, no answer) to the next
	// node that it makes, and while it is Unknown.
	Up bool
	// LastFailure is the newest one, nil for none since the start. LastSuccess is when a node was made, zero for never.
	LastFailure *Failure
	LastSuccess time.Time
	// Work is what waits and runs for it.
	Work workspace.ProviderStats
	// Quota is that of the provider's cloud, nil where it is not known.
	Quota *Quota
	// Trouble is why the cloud does not answer, "" while it does or is not asked; TroubleClass is its execute.Class.
	Trouble, TroubleClass string
	// Unknown tells that the cloud has not answered since the start: nothing can be launched.
	Unknown bool
}

// Quota is what a cloud grants, by resource (instances, cores, ram in MiB, ...). One that is missing in Limits is
// infinite.
type Quota struct {
	// Used is what the provider's nodes take, Unmanaged what others do.
	Limits, Used, Unmanaged map[string]float64
}

// MostFailures bounds Snapshot.Failures.
const MostFailures = 100

// Failure is one launch attempt or deletion that failed. What its texts hold of the values of variables that the
// configuration may substitute is taken out, as in the log.
type Failure struct {
	At        time.Time
	Op        string // "launch", "delete"
	Provider  string
	Pool      string
	Label     string
	Node      string
	Request   string // "" for none
	Workspace string // "" when nothing was rendered
	Attempt   int
	Class     string // of execute.Class
	Text      string // what Terraform said, on one line
	Next      string // what is done about it
	// Block is the node's module block as Terraform got it, "" where there was none. Provider configuration is not in it.
	Block string
}

// Leak counts the leaked resources of one provider and type.
type Leak struct {
	Provider, Type string
	Left           int // that the newest list shows, and that the launcher has not removed since
}
