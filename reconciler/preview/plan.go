package preview

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Action is what becomes of a node.
type Action string

// The actions. Keep and InProgress change nothing.
const (
	Launch     Action = "launch"      // it does not exist yet
	Assign     Action = "assign"      // ready, and given to a request
	Keep       Action = "keep"        // stays as it is
	Replace    Action = "replace"     // goes, and a new one takes its place (too old, or vanished)
	Delete     Action = "delete"      // goes
	InProgress Action = "in-progress" // somebody is at work on it
)

// Plan is what a launcher would do. Its JSON form is what `plan --output json` prints.
type Plan struct {
	Format    string      `json:"format_version"`
	Mode      Mode        `json:"mode"`
	Config    string      `json:"config"`
	Made      time.Time   `json:"made"`
	Launcher  string      `json:"launcher"` // with whose eyes it was seen, "" where none serves the configured pools
	Providers []*Provider `json:"providers"`
	Requests  []*Request  `json:"requests"`
	// Warnings are what could not be found out, and why.
	Warnings []string `json:"warnings"`
}

// Format is the version of the JSON form: the first number changes when a reader of the form before cannot read it.
const Format = "1.0"

// Mode is what was looked for.
type Mode string

// The modes.
const (
	Normal      Mode = "plan"
	RefreshOnly Mode = "refresh-only" // only what changed in the cloud behind the launcher's back
)

// Provider is what happens at one provider.
type Provider struct {
	Name   string `json:"name"`
	Static bool   `json:"static"` // its machines are there for good
	Pools  []Pool `json:"pools"`
	// Workspaces by id, those that do not exist yet last.
	Workspaces []*Workspace `json:"workspaces"`
	// Elsewhere are the nodes whose resources are in no workspace that could be read.
	Elsewhere []*Node `json:"nodes_elsewhere"`
}

// Pool is a pool as it is, or would be, registered.
type Pool struct {
	Name     string `json:"name"`
	Launcher string `json:"launcher"` // that serves it, "" for none
	Paused   bool   `json:"paused"`   // in the end it waits for quota
}

// Workspace is one Terraform workspace.
type Workspace struct {
	ID string `json:"id"`
	// New: it does not exist yet, and its name is made up: the launcher draws it by lot.
	New bool `json:"new"`
	// InFlight is the kind of run that is under way in it, "" for none. What is said of it is from its last whole state.
	InFlight string  `json:"in_flight,omitempty"`
	Nodes    []*Node `json:"nodes"`
	// Runs are Terraform's own plans, in the order of their execution.
	Runs []*Run `json:"terraform"`
	// Problem says why a plan of Terraform's is missing.
	Problem string `json:"problem,omitempty"`
}

// Node is one node and what becomes of it.
type Node struct {
	ID string `json:"id"`
	// Predicted: ZooKeeper will give the id, this one unless somebody else is faster.
	Predicted  bool             `json:"id_predicted"`
	Action     Action           `json:"action"`
	Provider   string           `json:"-"`
	Pool       string           `json:"pool"`
	Label      string           `json:"label"`
	Request    string           `json:"request"` // that it is launched for, allocated to or given to
	Tenant     string           `json:"tenant"`
	State      record.NodeState `json:"state"` // now, "" for one to launch
	Module     string           `json:"module,omitempty"`
	Reason     string           `json:"reason"`
	ReplacedBy string           `json:"replaced_by,omitempty"`

	RelativePriority float64 `json:"-"` // of its request
}

// Request is one request and what becomes of it.
type Request struct {
	ID        string              `json:"id"`
	Predicted bool                `json:"id_predicted"` // one for min-ready nodes that does not exist yet
	Labels    []string            `json:"labels"`
	Tenant    string              `json:"tenant"`
	State     record.RequestState `json:"state"` // now, "" for one that does not exist yet
	Outcome   Outcome             `json:"outcome"`
	Reason    string              `json:"reason"`
	Provider  string              `json:"provider"` // and pool that serve it
	Pool      string              `json:"pool"`
	Nodes     []string            `json:"nodes"`
}

// Outcome is what becomes of a request.
type Outcome string

// The outcomes.
const (
	Served   Outcome = "served"
	Declined Outcome = "declined" // by pools of this launcher; another's may serve it
	Failed   Outcome = "failed"   // declined by the last pool that could
	Waits    Outcome = "waits"
	InHand   Outcome = "in-progress"
	Done     Outcome = "done" // before the plan
)

// Run is what one run of Terraform would do, in Terraform's words.
type Run struct {
	Kind        string       `json:"kind"` // create, destroy or refresh-only
	Add         int          `json:"add"`
	Change      int          `json:"change"`
	Remove      int          `json:"remove"`
	Changes     []Change     `json:"changes"`
	Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
	Text        string       `json:"text,omitempty"` // where it was asked for
}

// Change is what happens, or has happened, to one resource.
type Change struct {
	Node    string `json:"node"`
	Address string `json:"address"`
	Action  string `json:"action"` // create, update, delete, replace
	Drift   bool   `json:"drift"`  // it has happened already, outside
}

// Diagnostic is an error or a warning of Terraform.
type Diagnostic struct {
	Severity string `json:"severity"`
	Text     string `json:"text"`
}
