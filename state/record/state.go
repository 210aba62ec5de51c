package record

import "slices"

// RequestState is the life-cycle state of a node request.
type RequestState string

// The request states; no others may be written (Python launchers raise on them).
const (
	RequestRequested RequestState = "requested"
	RequestPending   RequestState = "pending"
	RequestFulfilled RequestState = "fulfilled"
	RequestFailed    RequestState = "failed"
)

// NodeState is the life-cycle state of a node.
type NodeState string

// The node states; no others may be written (Python launchers raise on them).
const (
	NodeInit     NodeState = "init"
	NodeBuilding NodeState = "building"
	NodeTesting  NodeState = "testing"
	NodeReady    NodeState = "ready"
	NodeInUse    NodeState = "in-use"
	NodeUsed     NodeState = "used"
	NodeHold     NodeState = "hold"
	NodeDeleting NodeState = "deleting"
	NodeFailed   NodeState = "failed"
	NodeAborted  NodeState = "aborted"
	NodeDeleted  NodeState = "deleted"
)

// requestNext lists the states that may follow each request state, whoever
// writes them (protocol.md 2.1). Nothing leaves fulfilled or failed.
var requestNext = map[RequestState][]RequestState{
	RequestRequested: {RequestRequested, RequestPending, RequestFailed},
	RequestPending:   {RequestRequested, RequestFulfilled, RequestFailed},
	RequestFulfilled: {},
	RequestFailed:    {},
}

// nodeNext lists the states that may follow each node state, whoever writes
// them (protocol.md 2.2.1). The operator's `hold` and `delete` commands, which
// may follow anything, are added in CanBecome.
var nodeNext = map[NodeState][]NodeState{
	NodeInit:     {NodeBuilding},
	NodeBuilding: {NodeReady, NodeAborted, NodeFailed},
	NodeTesting:  {NodeReady},
	NodeReady:    {NodeInUse},
	NodeInUse:    {NodeUsed},
	NodeUsed:     {},
	NodeHold:     {NodeUsed},
	NodeFailed:   {},
	NodeAborted:  {},
	NodeDeleting: {NodeDeleted},
	NodeDeleted:  {},
}

// Valid reports whether s is one of the known request states.
func (s RequestState) Valid() bool { _, ok := requestNext[s]; return ok }

// CanBecome reports whether the protocol has a step from s to next.
func (s RequestState) CanBecome(next RequestState) bool {
	return slices.Contains(requestNext[s], next)
}

// Valid reports whether s is one of the known node states.
func (s NodeState) Valid() bool { _, ok := nodeNext[s]; return ok }

// CanBecome reports whether the protocol has a step from s to next.
func (s NodeState) CanBecome(next NodeState) bool {
	if !s.Valid() || s == NodeDeleted {
		return false
	}
	if next == NodeDeleting || (next == NodeHold && s != NodeDeleting) {
		return true
	}
	return slices.Contains(nodeNext[s], next)
}
