package reconciler

import (
	"context"
	"encoding/hex"
	"path"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Requests of our own (protocol.md 4.10).
const minReadyBackoff = 30 * time.Second // after one of a label failed

// askMinReady creates the requests that a label lacks. They are ephemeral: without their owner nobody wants them.
func (lp *loop) askMinReady(d desire.AskMinReady) {
	lp.view.MinReadyAfter[d.Label] = time.Now().Add(errorRetry) // until the requests are seen
	lp.do(func(ctx context.Context) {
		for range d.Count {
			id := uuid.New()
			r := desire.MinReadyRequest(d.Label)
			r.EventID = hex.EncodeToString(id[:])
			r.SetState(record.RequestRequested, time.Now())
			name, err := lp.s.Create(ctx, requestsPath+"/"+desire.MinReadyPrefix, r.Encode(), zk.FlagEphemeral|zk.FlagSequence)
			if err != nil {
				return // the next pass asks again
			}
			lp.post(func() {
				lp.view.MinReady[path.Base(name)] = d.Label
				lp.view.MinReadyAfter[d.Label] = time.Now().Add(errorRetry)
			})
		}
	})
}

// endMinReady frees the nodes of a finished request of ours and deletes it.
func (lp *loop) endMinReady(d desire.EndMinReady) {
	r := lp.view.Requests[d.Request]
	end := lp.busyRequest(d.Request)
	label, failed, nodes := lp.view.MinReady[d.Request], r.State == record.RequestFailed, r.Nodes
	lp.do(func(ctx context.Context) {
		for _, id := range nodes {
			n, err := lockNode(ctx, lp.s, id)
			if err != nil {
				continue // gone, or in use; with the request gone the reaper frees it
			}
			if n.AllocatedTo == d.Request && n.State == record.NodeReady {
				n.AllocatedTo = ""
				_, _ = n.save(ctx, lp.s) // the reaper frees it otherwise
			}
			release(ctx, n.lock)
		}
		err := lp.s.Delete(ctx, requestPath(d.Request), -1)
		lp.post(func() {
			end(errorRetry)
			if err == nil {
				delete(lp.view.MinReady, d.Request)
				lp.seeRequest(d.Request, nil, 0)
			}
			if failed {
				lp.view.MinReadyAfter[label] = time.Now().Add(minReadyBackoff)
				lp.log.Warn("a min-ready node could not be launched", "label", label, "request", d.Request, "next_try", minReadyBackoff)
			}
		})
	})
}
