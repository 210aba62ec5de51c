package workspace

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Order asks for one launch attempt of one node.
type Order struct {
	Node     string
	Attempt  int    // from 1
	Request  string // its first part, up to a dash, is its precedence
	Provider string
	Pool     string
	Label    string
	Spec     *modules.Spec
	Vars     modules.NodeVars
	// RelativePriority is the request's, when the order is given: smaller first, among the orders of a pool and tenant.
	RelativePriority float64
	// InternalIP is the pool's use-internal-ip.
	InternalIP bool
	// Timeout is the provider's launch-timeout: how long the attempt's apply may run.
	Timeout time.Duration
}

// Kind of an outcome.
type Kind string

// The outcomes of an order, in the order in which a node meets them, and those of Destroy.
const (
	Queued        Kind = "queued"         // waits for its module to be initialised or for a free run
	Applying      Kind = "applying"       // its apply runs
	Created       Kind = "created"        // its own resources are complete; Fields holds what they gave
	Failed        Kind = "failed"         // the attempt failed; Err says why. What it left must be destroyed
	Destroyed     Kind = "destroyed"      // nothing of the node is left
	DestroyFailed Kind = "destroy-failed" // something is; Err says why. Destroy may be called again
	Taken         Kind = "taken"          // another launcher has taken over what there is of the node
)

// Outcome is what became of a node's attempt so far.
type Outcome struct {
	Kind      Kind
	Node      string
	Attempt   int
	Request   string
	Provider  string
	Pool      string
	Label     string
	Workspace string
	Fields    modules.Fields
	Err       error
	// Block is the module block of an attempt whose run failed, as Terraform got it, cut to MostBlock. Provider
	// configuration is not in it.
	Block string
}

// Class of a failed outcome.
func (o Outcome) Class() execute.Class { return execute.ClassOf(o.Err) }

func (o Order) outcome(k Kind) Outcome {
	return Outcome{Kind: k, Node: o.Node, Attempt: o.Attempt, Request: o.Request, Provider: o.Provider, Pool: o.Pool, Label: o.Label}
}

func (s *Slot) outcome(ws *workspace, k Kind) Outcome {
	return Outcome{Kind: k, Node: s.Node, Attempt: s.Attempt, Request: s.Request, Provider: ws.rec.Provider, Pool: s.Pool, Label: s.Label, Workspace: ws.rec.ID}
}
