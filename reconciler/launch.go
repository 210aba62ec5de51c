package reconciler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/keyscan"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metrics"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// launch is one node on its way to READY: attempts follow each other until one succeeds or they are used up. What an
// attempt left is destroyed before the next begins (protocol.md 4.6.3).
type launch struct {
	node    *lockedNode
	handler *handler
	label   *config.PoolLabel
	image   string // node.image_id
	attempt int    // its slot: every one has a number of its own
	tries
	phase  phase
	ws     string    // workspace of the attempt, "" before there is one
	began  time.Time // of the attempt
	turn   time.Time // of its run, zero while it waits for one
	reason error     // of the newest failure
	left   cleanup   // what it left
}

type phase int

const (
	applying  phase = iota // the workspace works on it
	asking                 // the cloud has not been asked yet what its label is made of
	finishing              // host key scan, READY being written
	cleaning               // a failed attempt is destroyed
	waiting                // the next attempt's time has not come
	ended
)

// outcome takes what a workspace says of a node.
func (lp *loop) outcome(o workspace.Outcome) {
	la := lp.launches[o.Node]
	switch {
	case la != nil && o.Kind == workspace.Taken:
		lp.launchOutcome(la, o)
		lp.nodeTaken(o.Node)
	case la != nil:
		lp.launchOutcome(la, o)
	case o.Kind == workspace.Taken:
		lp.nodeTaken(o.Node)
	case o.Kind == workspace.Destroyed:
		lp.resourcesGone(o.Node)
	case o.Kind == workspace.DestroyFailed:
		lp.destroyFailed(o)
	}
}

func (lp *loop) launchOutcome(la *launch, o workspace.Outcome) {
	switch o.Kind {
	case workspace.Applying:
		if la.phase == applying && o.Attempt == la.attempt {
			la.turn = time.Now()
			lp.l.opts.Meter.Phase(la.node.Provider, metrics.PhaseQueue, time.Since(la.began))
		}
	case workspace.Created:
		if la.phase == applying && o.Attempt == la.attempt {
			la.ws = o.Workspace
			if !la.turn.IsZero() {
				lp.l.opts.Meter.Phase(la.node.Provider, metrics.PhaseApply, time.Since(la.turn))
			}
			lp.finishLaunch(la, o.Fields)
		}
	case workspace.Failed:
		if la.phase == applying && o.Attempt == la.attempt {
			la.ws = o.Workspace
			lp.whyFailed(la, o.Err, o.Block)
		}
	case workspace.Destroyed:
		if la.phase == cleaning {
			lp.next(la)
		}
	case workspace.Taken:
		lp.loseLaunch(la, errTakenOver)
	case workspace.DestroyFailed:
		if la.phase == cleaning {
			lp.notClean(la, o)
		}
	}
}

// whyFailed asks the cloud what went wrong where Terraform does not say it, and then acts on the failure.
func (lp *loop) whyFailed(la *launch, err error, block string) {
	class := execute.ClassOf(err)
	console := la.label.ConsoleLog && (class == execute.Unknown || class == execute.Timeout)
	if class != execute.Unknown && !console {
		lp.attemptFailed(la, err, block)
		return
	}
	la.phase = finishing
	attempt := la.counted
	lp.do(func(ctx context.Context) {
		err := err
		if class == execute.Unknown {
			err = lp.withFault(ctx, la.node.Node, err)
		}
		if console {
			lp.logConsole(ctx, la.node.Node, attempt)
		}
		lp.post(func() {
			if la.phase == finishing {
				lp.attemptFailed(la, err, block)
			}
		})
	})
}

// finishLaunch turns a created node into a READY one: fields, host keys, record.
func (lp *loop) finishLaunch(la *launch, f modules.Fields) {
	la.phase = finishing
	label, n, made, attempt := la.label, la.node, time.Now(), la.counted
	lp.do(func(ctx context.Context) {
		err := apply(n.Node, f, label)
		if err == nil && label.HostKeyChecking && !f.HostKeysSet {
			if err = lp.scan(ctx, n.Node, label.Pool.Provider.BootTimeout); err != nil && label.ConsoleLog {
				lp.logConsole(ctx, n.Node, attempt)
			}
		}
		var mzxid int64
		if err == nil {
			n.SetState(record.NodeReady, time.Now())
			if mzxid, err = n.save(ctx, lp.s); err != nil {
				err = &lostError{err}
			}
		}
		lp.post(func() { lp.launchFinished(la, made, mzxid, err) })
	})
}

// launchFinished notes what became of an attempt whose node was made at a time.
func (lp *loop) launchFinished(la *launch, made time.Time, mzxid int64, err error) {
	n := la.node
	var lost *lostError
	switch {
	case err == nil:
		la.phase = ended
		delete(lp.launches, n.ID)
		lp.l.setbacks.Succeeded(la.label, la.choice, la.began, time.Now())
		lp.l.history.made(n.Provider, time.Now())
		lp.l.opts.Meter.Phase(n.Provider, metrics.PhaseKeyscan, time.Since(made))
		lp.launched(la, nil)
		lp.log.Info("node launched", "node", n.ID, "request", la.handler.Request, "provider", n.Provider, "pool", n.Pool, "workspace", la.ws, "attempt", la.attempt, "choice", la.choiceText(), "dur", time.Since(la.began).Round(time.Millisecond))
		if hn := la.handler.node(n.ID); hn != nil {
			hn.Status = desire.Ready
		}
		lp.seeNode(n.ID, n.Clone(), mzxid)
	case errors.As(err, &lost):
		// The record or the lock is not ours any more: nothing is written, the reaper or the next session decides what
		// becomes of the node.
		lp.loseLaunch(la, err)
	default:
		lp.attemptFailed(la, err, "")
	}
}

// lostError is a failed write: the record, its lock or the session is gone.
type lostError struct{ err error }

func (e *lostError) Error() string { return "write record: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// apply copies outputs into a node's record (protocol.md 4.6.3 step 3).
func apply(n *record.Node, f modules.Fields, label *config.PoolLabel) error {
	n.InterfaceIP, n.PublicIPv4, n.PrivateIPv4, n.PublicIPv6 = f.InterfaceIP, f.PublicIPv4, f.PrivateIPv4, f.PublicIPv6
	n.ExternalID, n.Hostname, n.AZ, n.Cloud, n.HostID = f.ExternalID, f.Hostname, f.AZ, f.Cloud, f.HostID
	n.Region = f.Region
	if n.Region == "" {
		n.Region = label.Pool.Provider.Region
	}
	if f.ConnectionType != "" {
		n.ConnectionType = f.ConnectionType
	}
	if f.Username != "" {
		n.Username = f.Username
	}
	if len(f.ConnectionPort) > 0 {
		n.ConnectionPort = f.ConnectionPort
	}
	if f.HostKeysSet {
		n.HostKeys = f.HostKeys
	}
	if f.Resources != nil {
		n.Resources = maps.Clone(f.Resources)
	}
	if len(f.Attributes) > 0 {
		n.Attributes = mergeAttributes(label.Pool.NodeAttributes, f.Attributes)
	}
	if f.Properties != nil {
		n.NodeProperties = f.Properties
	}
	if n.InterfaceIP == "" && !addressless(n.ConnectionType) {
		return &execute.Error{Class: execute.Config, Op: "read outputs of label " + label.Name, Err: errNoAddress, Hint: "give the label or provider an `outputs: {interface_ip: ...}` expression"}
	}
	return nil
}

// addressless are nodes that Zuul reaches through the API of their cluster alone.
func addressless(connectionType string) bool {
	return connectionType == "namespace" || connectionType == "project"
}

// mergeAttributes lays what the module says over the pool's node-attributes.
func mergeAttributes(pool, module json.RawMessage) json.RawMessage {
	merged := map[string]json.RawMessage{}
	_ = json.Unmarshal(pool, &merged) // absent: empty
	over := map[string]json.RawMessage{}
	if json.Unmarshal(module, &over) != nil {
		return module
	}
	maps.Copy(merged, over)
	data, err := json.Marshal(merged)
	if err != nil {
		return module
	}
	return data
}

// scan waits until the node accepts connections and, for SSH, collects its host keys (operator-surface.md 6).
func (lp *loop) scan(ctx context.Context, n *record.Node, limit time.Duration) error {
	gather := n.ConnectionType == "ssh" || n.ConnectionType == "network_cli"
	switch n.ConnectionType {
	case "kubectl", "namespace", "project":
		return nil
	}
	port, ok := n.Port()
	if !ok {
		return &execute.Error{Class: execute.Config, Op: scanOp, Err: fmt.Errorf("connection port is not a number")}
	}
	end, err := lp.scans.take(ctx, n.Provider)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	keys, err := keyscan.Scan(ctx, n.InterfaceIP, port, gather)
	if err != nil {
		return &execute.Error{Class: execute.Timeout, Op: scanOp + " of " + n.InterfaceIP + " port " + strconv.Itoa(port), Err: err, Hint: "boot-timeout is " + limit.String()}
	}
	if len(keys) > 0 {
		n.HostKeys = keys
	}
	lp.log.Info("host keys", "node", n.ID, "keys", len(keys), "dur", time.Since(began).Round(time.Millisecond))
	return nil
}

// launchFailed ends a launch for good. The lock is kept until the handler lets go of the node; the reaper destroys
// what is left.
func (lp *loop) launchFailed(la *launch, reason error, state record.NodeState) {
	la.phase = finishing
	n := la.node
	lp.do(func(ctx context.Context) {
		n.SetState(state, time.Now())
		mzxid, err := n.save(ctx, lp.s)
		lp.post(func() {
			if err != nil {
				lp.loseLaunch(la, err)
				return
			}
			la.phase = ended
			delete(lp.launches, n.ID)
			if hn := la.handler.node(n.ID); hn != nil {
				hn.Status, hn.Reason = desire.Failed, reason.Error()
				if state == record.NodeAborted {
					hn.Status = desire.Aborted
				}
			}
			lp.seeNode(n.ID, n.Clone(), mzxid)
		})
	})
}

// loseLaunch drops a launch whose record or lock is not ours any more.
func (lp *loop) loseLaunch(la *launch, err error) {
	if la.phase == ended {
		return
	}
	la.phase = ended
	if lp.ctx.Err() == nil {
		lp.launched(la, &lostError{err})
	}
	id := la.node.ID
	delete(lp.launches, id)
	if hn := la.handler.node(id); hn != nil {
		hn.Status, hn.Reason = desire.Failed, "its record was changed or deleted: "+err.Error()
	}
	if lp.ctx.Err() == nil {
		lp.log.Warn("launch lost its record", "node", id, "request", la.handler.Request, "err", err)
	}
}

// cancelQueued ends a launch that still waits: for a free run, for its next attempt, until what an attempt left is gone, or
// for what its cloud has to say.
func (lp *loop) cancelQueued(id string) {
	la := lp.launches[id]
	if la != nil && (la.phase == waiting || la.phase == asking || la.phase == cleaning || la.phase == applying && lp.stopWaiting(la)) {
		lp.launchFailed(la, errCancelled, record.NodeFailed)
	}
}

// stopWaiting takes a launch out of the queue for a run, or for a slot; false when it is not in one any more.
func (lp *loop) stopWaiting(la *launch) bool {
	return la.label.Backing != nil || lp.l.manager.Cancel(la.node.ID)
}

// nodeGone ends what is under way for a node whose record was deleted behind our back.
func (lp *loop) nodeGone(id string) {
	if la := lp.launches[id]; la != nil && la.phase != finishing {
		lp.loseLaunch(la, errors.New("record is gone"))
	}
}
