package reconciler

import (
	"context"
	"errors"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// reset puts a lost request back to requested (protocol.md 4.9). Its nodes are freed, those never launched deleted.
// Whether it is lost is asked first, and in vain while its launcher works on it: nothing in the view tells.
func (lp *loop) reset(d desire.Reset) {
	end := lp.busyRequest(d.Request)
	lp.do(func(ctx context.Context) {
		holders, err := lock.Contenders(ctx, lp.s, requestLockPath(d.Request))
		lp.post(func() {
			switch {
			case err != nil:
				lp.requestFailed(d.Request, "reset", err, end)
			case lp.view.Requests[d.Request] == nil: // meanwhile
			case len(holders) > 0:
				delete(lp.lostSince, d.Request) // not lost: the wait begins when nobody holds it
				end(lostEvery)
			case lp.mayComeBack(d.Request, d.Nodes):
				end(time.Second)
			default:
				lp.putBack(d, end)
			}
		})
	})
}

func (lp *loop) putBack(d desire.Reset, end func(time.Duration)) {
	lp.do(func(ctx context.Context) {
		req, err := lockRequest(ctx, lp.s, d.Request)
		if err == nil {
			err = lp.resetLocked(ctx, req, d.Nodes)
			release(ctx, req.lock)
		}
		lp.post(func() {
			switch {
			case errors.Is(err, lock.ErrBusy):
				end(lostEvery)
			case err != nil && !errors.Is(err, errNotOurs):
				lp.requestFailed(d.Request, "reset", err, end)
			default:
				end(0)
				if err == nil {
					delete(lp.lostSince, d.Request) // lost again, it is waited for again
					lp.log.Info("lost request put back", "request", d.Request)
				}
			}
		})
	})
}

// longestWait bounds how long a lost request waits for the launcher that worked on it.
const longestWait = time.Minute

// mayComeBack reports whether the launcher that made a lost request's nodes may take the request up again: it restarts,
// and its applies go on meanwhile.
func (lp *loop) mayComeBack(request string, nodes []string) bool {
	for _, id := range nodes {
		n := lp.view.Nodes[id]
		if n == nil || n.State == record.NodeReady {
			continue // nobody has to come back for that one
		}
		if lp.othersMayGoOn(n.Node) {
			first, seen := lp.lostSince[request]
			if !seen {
				lp.lostSince[request] = time.Now()
			}
			return !seen || time.Since(first) < longestWait
		}
	}
	delete(lp.lostSince, request)
	return false
}

func (lp *loop) othersMayGoOn(n *record.Node) bool {
	if lp.metastatic(n.Provider) { // whoever gives the provider's slots resumes the request
		_, ours := lp.serving.Load(n.Provider)
		return !ours
	}
	owner := lp.owner(n)
	return owner != "" && owner != lp.l.stateID && lp.peers.restarting(owner)
}

func (lp *loop) resetLocked(ctx context.Context, req *lockedRequest, ids []string) error {
	if req.State != record.RequestPending {
		return errNotOurs
	}
	for _, id := range ids {
		// Whoever has it may be deleting it, in several steps: a contender of ours in between would make those fail.
		if holders, err := lock.Contenders(ctx, lp.s, nodeLockPath(id)); err != nil || len(holders) > 0 {
			continue
		}
		n, err := lockNode(ctx, lp.s, id)
		if err != nil {
			continue // gone, or in somebody's hands: theirs to free
		}
		if n.AllocatedTo == req.ID {
			n.AllocatedTo = ""
			if n.State == record.NodeInit {
				n.SetState(record.NodeDeleting, time.Now())
			}
			if _, err := n.save(ctx, lp.s); err != nil {
				release(ctx, n.lock)
				return err
			}
		}
		release(ctx, n.lock)
	}
	req.Nodes = nil
	req.SetState(record.RequestRequested, time.Now())
	_, err := req.save(ctx)
	return err
}
