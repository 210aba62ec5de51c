package reconciler

import (
	"context"
	"encoding/hex"
	"errors"
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
			if errors.Is(err, zk.ErrConnectionClosed) {
				lp.post(func() { lp.seekMinReady(d.Label, r.EventID) })
			}
			if err != nil {
				return // the next pass asks again
			}
			lp.post(func() { lp.askedMinReady(path.Base(name), d.Label) })
		}
	})
}

// askedMinReady notes a request of ours, seen or not.
func (lp *loop) askedMinReady(id, label string) {
	lp.view.MinReady[id] = label
	lp.view.MinReadyAfter[label] = time.Now().Add(errorRetry)
}

// seekMinReady looks for a request whose create got no reply. Served and not ended it would keep its node from everybody for
// as long as the session lasts.
func (lp *loop) seekMinReady(label, event string) {
	lp.seek(mostLooks, func() bool {
		for id, r := range lp.view.Requests {
			if r.Requestor == desire.RequestorMinReady && r.EventID == event {
				lp.askedMinReady(id, label)
				return true
			}
		}
		lp.view.MinReadyAfter[label] = time.Now().Add(2 * errorRetry) // until the next look
		return false
	}, func() {})
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
