package reconciler

import (
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// cleanup is how a launch stands with what its newest failed attempt left. The next attempt begins when that is gone
// (protocol.md 4.6.3).
type cleanup struct {
	since   time.Time
	refused bool // it has failed, and is tried again
}

// cleanTime bounds how long a launch waits for that. Many clouds keep what belongs to a refused machine for a while, Azure an
// interface for three minutes; one that has just failed an attempt may be away for the destroy that follows, too.
const cleanTime = 10 * time.Minute

func (c cleanup) over(now time.Time) bool { return now.Sub(c.since) >= cleanTime }

// String says in words what the launch waits for.
func (c cleanup) String() string {
	if c.refused {
		return fmt.Sprintf("what a failed attempt left cannot be destroyed yet; the next attempt waits for that, %s at most", cleanTime)
	}
	return "what a failed attempt left is being destroyed"
}

// clean destroys what an attempt left.
func (lp *loop) clean(la *launch) {
	la.phase, la.left = cleaning, cleanup{since: time.Now()}
	lp.l.manager.Destroy(la.node.ID)
}

// notClean takes note that a destroy has failed. Its workspace goes on trying by itself, whatever becomes of the launch.
func (lp *loop) notClean(la *launch, o workspace.Outcome) {
	log := lp.log.With("node", o.Node, "request", la.handler.Request, "provider", o.Provider, "pool", o.Pool, "workspace", o.Workspace, "class", o.Class(), "err", o.Err)
	switch {
	case lp.view.Requests[la.handler.Request] == nil:
		lp.launchFailed(la, errCancelled, record.NodeFailed)
	case la.left.over(time.Now()):
		log.Warn("what a failed attempt left could not be destroyed in time; the node fails and it is tried again", "limit", cleanTime)
		lp.launchFailed(la, fmt.Errorf("%w; what it left could not be destroyed: %v", la.reason, o.Err), record.NodeFailed)
	case !la.left.refused: // once: it is tried a dozen times
		la.left.refused = true
		log.Warn("what a failed attempt left could not be destroyed; it is tried again, and the next attempt waits for that", "limit", cleanTime)
	}
}
