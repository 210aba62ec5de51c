package reconciler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// allocate notes which labels of a handler are being filled, and with what; begin starts to fill them (protocol.md
// 4.6.2). Until then they count for quotas, and spare nodes are spoken for.
func (lp *loop) allocate(h *handler, allocs []desire.Alloc) (begin func()) {
	var steps []func()
	for _, a := range allocs {
		if a.Reuse != "" {
			steps = append(steps, lp.reuse(h, a))
		} else {
			steps = append(steps, lp.create(h, a.Label))
		}
	}
	return func() {
		for _, step := range steps {
			step()
		}
	}
}

// slot adds a node to a handler and returns how to find it again: entries may go while an effect runs.
func (h *handler) slot(n desire.HandlerNode) func() *desire.HandlerNode {
	h.seq++
	n.Key = h.seq
	h.Nodes = append(h.Nodes, n)
	return func() *desire.HandlerNode {
		for i := range h.Nodes {
			if h.Nodes[i].Key == n.Key {
				return &h.Nodes[i]
			}
		}
		return nil
	}
}

func (h *handler) node(id string) *desire.HandlerNode {
	for i := range h.Nodes {
		if h.Nodes[i].ID == id {
			return &h.Nodes[i]
		}
	}
	return nil
}

// drop forgets an entry: its label is wanted again.
func (h *handler) drop(key int) {
	h.Nodes = slices.DeleteFunc(h.Nodes, func(n desire.HandlerNode) bool { return n.Key == key })
}

func (h *handler) forget(id string) {
	h.Nodes = slices.DeleteFunc(h.Nodes, func(n desire.HandlerNode) bool { return n.ID == id })
	delete(h.nodes, id)
}

// reuse takes a READY node: lock, read again, allocate, keep the lock.
func (lp *loop) reuse(h *handler, a desire.Alloc) (begin func()) {
	h.slot(desire.HandlerNode{Label: a.Label, ID: a.Reuse, Status: desire.Launching})
	if h.Zone == "" {
		h.Zone = a.Zone
	}
	end := lp.busyNode(a.Reuse)
	pool := lp.cfg.Provider(h.Provider).Pool(h.Pool)
	return func() {
		tenant, requestor := h.req.TenantName, h.req.Requestor
		lp.do(func(ctx context.Context) {
			n, mzxid, err := lp.takeSpare(ctx, pool, a.Reuse, h.Request, tenant, requestor)
			lp.post(func() {
				if err != nil {
					end(lockedRetry)
					h.forget(a.Reuse) // its label is wanted again
					lp.nodeError(a.Reuse, "reuse", err)
					return
				}
				end(0)
				h.nodes[a.Reuse] = n
				h.node(a.Reuse).Status = desire.Ready
				lp.hold(a.Reuse, true)
				lp.log.Info("node reused", "node", a.Reuse, "request", h.Request, "provider", h.Provider, "pool", h.Pool)
				lp.seeNode(a.Reuse, n.Clone(), mzxid)
			})
		})
	}
}

// takeSpare locks and allocates a READY node, a static one if its machine answers. The lock is not held when it fails.
func (lp *loop) takeSpare(ctx context.Context, pool *config.Pool, id, request, tenant, requestor string) (*lockedNode, int64, error) {
	n, err := lockNode(ctx, lp.s, id)
	if err != nil {
		return nil, 0, err
	}
	machine, known := machineOf(pool, n.Node)
	switch {
	case n.State != record.NodeReady || n.AllocatedTo != "" || !known:
		err = errTaken
	case machine != nil:
		err = lp.deregisterDead(ctx, n, machine)
	}
	var mzxid int64
	if err == nil {
		n.AllocatedTo, n.TenantName, n.Requestor = request, tenant, requestor
		mzxid, err = n.save(ctx, lp.s)
	}
	if err != nil {
		release(ctx, n.lock)
		return nil, 0, err
	}
	return n, mzxid, nil
}

var errTaken = errors.New("node was taken meanwhile")

// nodeError notes what an effect on a node ran into. It runs in the loop.
func (lp *loop) nodeError(id, op string, err error) {
	switch {
	case errors.Is(err, zk.ErrNoNode):
		lp.seeNode(id, nil, 0)
	case errors.Is(err, errHusk):
		lp.husk(id)
	case errors.Is(err, lock.ErrBusy), errors.Is(err, errTaken), errors.Is(err, errDead), errors.Is(err, zk.ErrBadVersion), lp.ctx.Err() != nil:
		lp.log.Debug("node was not to be had", "node", id, "op", op, "err", err)
	default:
		lp.log.Warn("node could not be handled; it is tried again", "node", id, "op", op, "err", err)
	}
}

// hold notes whether a handler of ours has a node's lock.
func (lp *loop) hold(id string, held bool) {
	if n := lp.view.Nodes[id]; n != nil {
		n.Held = held
		lp.watch(n)
	}
}

// create makes a node's record and starts its launch: init, lock, building, in this order, because an unlocked
// building node is anybody's to delete (protocol.md 9.15).
func (lp *loop) create(h *handler, labelName string) (begin func()) {
	at := h.slot(desire.HandlerNode{Label: labelName, Status: desire.Launching, Began: time.Now()})
	return func() {
		label := lp.label(h.Provider, h.Pool, labelName)
		if label == nil { // since it was decided
			hn := at()
			hn.Status, hn.Reason = desire.Failed, errUnconfigured.Error()
			return
		}
		b := birth{h: h, at: at, label: label, from: lp.basisOf(label), node: lp.newNode(h, label)}
		lp.do(func(ctx context.Context) {
			name, err := lp.s.Create(ctx, nodesPath+"/", b.node.Encode(), zk.FlagSequence)
			if err != nil {
				lp.post(func() { lp.notCreated(b, err) })
				return
			}
			b.node.ID = path.Base(name)
			lp.begin(ctx, b)
		})
	}
}

// birth is a node whose record is being made.
type birth struct {
	h     *handler
	at    func() *desire.HandlerNode
	label *config.PoolLabel
	from  basis
	node  *record.Node
}

// notCreated follows a create that failed. When its reply got lost the record may be there: unlocked, nobody's to delete as
// long as the request lives, and counted as a node.
func (lp *loop) notCreated(b birth, err error) {
	if !errors.Is(err, zk.ErrConnectionClosed) {
		lp.notBegun(b, fmt.Errorf("create: %w", err))
		return
	}
	lp.seek(mostLooks, func() bool {
		id := lp.orphaned(b.h, b.node)
		if id == "" {
			return false
		}
		b.node.ID, b.at().ID = id, id
		lp.do(func(ctx context.Context) { lp.begin(ctx, b) })
		return true
	}, func() {
		lp.log.Warn("a node record was not created; its label is filled anew", "request", b.h.Request, "provider", b.h.Provider, "pool", b.h.Pool, "err", err)
		b.h.drop(b.at().Key)
	})
}

// orphaned finds a record of a handler's as it was first written, of which the handler does not know. Several may be the
// same but for their id: then any will do.
func (lp *loop) orphaned(h *handler, first *record.Node) string {
	for id, n := range lp.view.Nodes {
		if n.State == record.NodeInit && n.AllocatedTo == h.Request && h.node(id) == nil && string(n.Encode()) == string(first.Encode()) {
			return id
		}
	}
	return ""
}

// notBegun fails a node whose record could not be made.
func (lp *loop) notBegun(b birth, err error) {
	if lp.ctx.Err() == nil {
		lp.log.Warn("node record could not be created", "request", b.h.Request, "provider", b.h.Provider, "pool", b.h.Pool, "err", err)
	}
	hn := b.at()
	hn.Status, hn.Reason = desire.Failed, "its record could not be created: "+err.Error()
}

// begin locks a record that was just created, says `building` and starts the launch.
func (lp *loop) begin(ctx context.Context, b birth) {
	ln, mzxid, err := lp.lockNew(ctx, b)
	lp.post(func() {
		if err != nil {
			lp.notBegun(b, err)
			return
		}
		b.at().ID = ln.ID
		b.h.nodes[ln.ID] = ln
		la := &launch{node: ln, handler: b.h, label: b.label, attempt: 1, tries: newTries(1), image: b.from.id, phase: waiting}
		lp.launches[ln.ID] = la
		lp.seeNode(ln.ID, ln.Clone(), mzxid)
		lp.hold(ln.ID, true)
		lp.goOn(la)
	})
}

// newNode is a node's first record.
func (lp *loop) newNode(h *handler, label *config.PoolLabel) *record.Node {
	now := time.Now()
	n := &record.Node{
		Provider: h.Provider, Pool: h.Pool, Type: []string{label.Name}, AllocatedTo: h.Request, TenantName: h.req.TenantName,
		Requestor: h.req.Requestor, Launcher: lp.l.own[desire.PoolKey{Provider: h.Provider, Pool: h.Pool}],
		Attributes: label.Pool.NodeAttributes, ConnectionPort: json.RawMessage("22"), AZ: lp.zone(h, label.Pool),
	}
	n.SetState(record.NodeInit, now)
	created := n.StateTime
	n.CreatedTime = &created
	n.SetOwner(lp.l.stateID)
	return n
}

func (lp *loop) lockNew(ctx context.Context, b birth) (*lockedNode, int64, error) {
	n := b.node
	fromLabel(n, b.label, b.from)
	n.SetState(record.NodeBuilding, time.Now())
	lk, resp, err := lock.CreateHeld(ctx, lp.s, nodeLockPath(n.ID), session.SetOp(nodePath(n.ID), n.Encode(), 0))
	if err != nil {
		return nil, 0, fmt.Errorf("lock: %w", err)
	}
	ln := &lockedNode{Node: n, lock: lk, version: 1, saved: n.State}
	if len(resp) == 0 || resp[0].Stat == nil { // done, but the reply got lost
		return ln, 0, nil
	}
	ln.version = resp[0].Stat.Version
	return ln, resp[0].Stat.Mzxid, nil
}

// fromLabel writes into a record what is known of a node before it is made (protocol.md 4.6.3 step 1).
func fromLabel(n *record.Node, label *config.PoolLabel, from basis) {
	n.ImageID, n.Username, n.PythonPath, n.ShellType, n.ConnectionType = from.record, label.Username, label.PythonPath, label.ShellType, label.ConnectionType
	n.ConnectionPort = json.RawMessage(strconv.Itoa(label.ConnectionPort))
	n.Resources = maps.Clone(from.resources)
	if label.Backing != nil {
		metastatic.Begin(n)
	}
}

// order makes the workspace order of a launch attempt.
func (lp *loop) order(la *launch) workspace.Order {
	r := lp.view.Requests[la.handler.Request]
	t := trial{node: la.node.Node, request: la.handler.Request, label: la.label, attempt: la.attempt, choice: la.choice, image: la.image, zone: la.handler.Zone}
	if r != nil {
		t.relative = r.RelativePriority
		var problems []error
		if t.dynamic, problems = dynamic(la.label.Choice(la.choice).Dynamic, r.Request); len(problems) > 0 {
			lp.log.Warn("dynamic values are left out of a node", "node", la.node.ID, "request", r.ID, "label", la.label.Name, "err", errors.Join(problems...))
		}
	}
	lp.clouds.lookUp(&t)
	return t.order(lp.l.stateID)
}

// trial is all that the order of a launch attempt depends on.
type trial struct {
	node            *record.Node
	request         string
	label           *config.PoolLabel
	attempt, choice int
	image           string // node.image_id
	zone            string // node.az
	dynamic         map[string]string
	given           map[string]any
	relative        float64
}

// order is for the launcher with the given state directory.
func (t trial) order(stateID string) workspace.Order {
	n := t.node
	return workspace.Order{
		Node: n.ID, Attempt: t.attempt, Request: t.request, Provider: n.Provider, Pool: n.Pool, Label: t.label.Name,
		Spec: t.label.Choice(t.choice), InternalIP: t.label.Pool.UseInternalIP, Timeout: t.label.Pool.Provider.LaunchTimeout, RelativePriority: t.relative,
		Vars: modules.NodeVars{
			ID: n.ID, Hostname: hostname(n.ID), Label: t.label.Name, Provider: n.Provider, Pool: n.Pool, Tenant: n.TenantName, ImageID: t.image, AZ: t.zone, Attempt: t.attempt,
			Tags: map[string]string{
				modules.TagNodeID: n.ID, modules.TagPool: n.Pool, modules.TagProvider: n.Provider,
				modules.TagRequest: t.request, modules.TagLauncher: stateID,
			},
			Dynamic: t.dynamic, Given: t.given,
		},
	}
}

// hostname is the instance name of a node (config-reference.md 3.1).
func hostname(id string) string { return "np" + id }
