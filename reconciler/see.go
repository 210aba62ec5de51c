package reconciler

import (
	"cmp"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// see takes one change of ZooKeeper into the view.
func (lp *loop) see(e *cache.Event) {
	switch e.Kind {
	case cache.RequestChanged:
		lp.seeRequest(e.ID, e.Request, e.Mzxid)
	case cache.NodeChanged:
		lp.seeNode(e.ID, e.Node, e.Mzxid)
	case cache.PoolChanged:
		lp.seePool(e.ID, e.Pool)
	case cache.LockChanged:
		if n := lp.view.Nodes[e.ID]; n != nil {
			n.Known, n.Contended = true, len(e.Contenders) > 0
			lp.log.Debug("node lock", "node", e.ID, "contenders", len(e.Contenders))
		}
	case cache.Malformed:
		lp.malformed(e)
	}
}

// seeRequest notes a request's record, nil for gone. mzxid is the transaction that wrote it: an older one than is
// known is an echo.
func (lp *loop) seeRequest(id string, r *record.Request, mzxid int64) {
	path := requestPath(id)
	lp.slotsDue = lp.slotsDue || strings.HasPrefix(id, metastatic.Prefix)
	if r == nil {
		known := lp.view.Requests[id]
		delete(lp.view.Requests, id)
		delete(lp.mzxid, path)
		delete(lp.unclear, path)
		delete(lp.view.MinReady, id)
		delete(lp.lostSince, id)
		lp.l.journal.Over(id)
		lp.requestGone(id)
		if known != nil {
			for _, n := range known.Nodes {
				if node := lp.view.Nodes[n]; node != nil {
					lp.watch(node)
				}
			}
		}
		return
	}
	if mzxid != 0 && mzxid <= lp.mzxid[path] {
		return
	}
	lp.mzxid[path] = max(mzxid, lp.mzxid[path])
	delete(lp.unclear, path)
	if known := lp.view.Requests[id]; known != nil {
		if known.State != r.State {
			lp.log.Info("request state", "request", id, "state", r.State)
		}
		known.Request = r
		return
	}
	lp.view.Requests[id] = &desire.Request{Request: r}
	lp.log.Info("request state", "request", id, "state", r.State, "labels", r.NodeTypes, "tenant", r.TenantName, "event", r.EventID)
}

// requestGone stops what was only begun for a request: launches that still wait for a free run.
func (lp *loop) requestGone(id string) {
	if h := lp.handlers[id]; h != nil {
		for i := range h.Nodes {
			if n := &h.Nodes[i]; n.Status == desire.Launching && n.ID != "" {
				lp.cancelQueued(n.ID)
			}
		}
	}
}

// seeNode notes a node's record, nil for gone.
func (lp *loop) seeNode(id string, n *record.Node, mzxid int64) {
	lp.l.opts.Meter.NodeChanged()
	path := nodePath(id)
	if before := lp.view.Nodes[id]; before != nil && before.Launcher == static.Launcher || n != nil && n.Launcher == static.Launcher {
		lp.machinesDue = true
	}
	lp.slotsDue = lp.slotsDue || len(lp.slots) > 0
	if n == nil {
		delete(lp.view.Nodes, id)
		delete(lp.mzxid, path)
		delete(lp.unclear, path)
		delete(lp.ownerless, id)
		lp.unwatch(id)
		lp.l.journal.Over(id)
		lp.nodeGone(id)
		return
	}
	if mzxid != 0 && mzxid <= lp.mzxid[path] {
		return
	}
	lp.mzxid[path] = max(mzxid, lp.mzxid[path])
	known := lp.view.Nodes[id]
	if known == nil {
		known = &desire.Node{Held: lp.launches[id] != nil}
		lp.view.Nodes[id] = known
	}
	if known.Node == nil || known.State != n.State {
		known.NotBefore = time.Time{}
		lp.log.Info("node state", "node", id, "state", n.State, "provider", n.Provider, "pool", n.Pool, "request", n.AllocatedTo)
	}
	known.Node = n
	known.Foreign = lp.foreign(n)
	if known.Foreign {
		lp.tellForeign(n)
	}
	lp.watch(known)
}

// tellForeign warns once of each launcher that is down and whose nodes wait to be deleted.
func (lp *loop) tellForeign(n *record.Node) {
	switch n.State {
	case record.NodeUsed, record.NodeFailed, record.NodeDeleting, record.NodeAborted:
	default:
		return
	}
	owner := cmp.Or(lp.owner(n), n.Launcher)
	if lp.view.Pools[n.Launcher] != nil || lp.peers != nil && lp.peers.alive(owner) || lp.metastatic(n.Provider) || lp.cfg.Provider(n.Provider) == nil || lp.foreigners[owner] {
		return
	}
	lp.foreigners[owner] = true
	lp.log.Warn("nodes of a launcher that is down wait to be deleted: their resources are in no workspace of ours; this is the first", "node", n.ID, "state", n.State, "provider", n.Provider, "launcher", n.Launcher)
}

// watch follows the lock of a node that is deleted once nobody holds it.
func (lp *loop) watch(n *desire.Node) {
	ours := lp.cfg.Provider(n.Provider) != nil
	wanted := !n.Held && !n.Foreign && (n.State == record.NodeDeleted ||
		ours && (desire.Reapable(n.State) || n.State == record.NodeInit || lp.stranded(n)))
	switch {
	case wanted && !lp.watching[n.ID]:
		lp.watching[n.ID] = true
		n.Known = false
		lp.cache.WatchLock(n.ID)
	case !wanted:
		lp.unwatch(n.ID)
		n.Known, n.Contended = false, false
	}
}

// stranded reports whether a READY node is allocated to a request that is gone. It may be in an executor's hands, which
// deletes the request before it writes in-use: its lock tells.
func (lp *loop) stranded(n *desire.Node) bool {
	return n.State == record.NodeReady && n.AllocatedTo != "" && lp.view.Requests[n.AllocatedTo] == nil
}

func (lp *loop) unwatch(id string) {
	if lp.watching[id] {
		delete(lp.watching, id)
		lp.cache.UnwatchLock(id)
	}
}

// malformed handles a znode that holds no record: an empty node is what is left of a deletion and is removed; the rest
// is somebody else's mistake, logged once and left alone.
func (lp *loop) malformed(e *cache.Event) {
	path := requestPath(e.ID)
	switch e.Of {
	case cache.NodeChanged:
		path = nodePath(e.ID)
		delete(lp.view.Nodes, e.ID)
		lp.husk(e.ID)
	case cache.RequestChanged:
		delete(lp.view.Requests, e.ID)
	default:
		path = componentsPath + "/pool/" + e.ID
	}
	if !lp.unclear[path] {
		lp.unclear[path] = true
		lp.log.Warn("record cannot be read and is left alone", "path", path, "err", e.Err)
	}
}
