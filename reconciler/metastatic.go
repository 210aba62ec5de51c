package reconciler

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// slotsPath has a lock for each metastatic provider.
const slotsPath = "/nodepool-tf/metastatic"

// slots is what this launcher knows of one metastatic provider.
//
// One launcher at a time gives a provider's slots: the one that holds the lock slotsPath/<provider>, for as long as its
// session lives (protocol.md 7.7). Only that one registers the provider's pools. A node's record is given its slot in one
// transaction that checks this lock and that of the backing node, and whoever gets the lock next first reads all records
// of the provider: so no slot is given twice.
type slots struct {
	provider *config.Provider
	ctx      context.Context
	leave    context.CancelFunc
	lock     *lock.Lock // nil while somebody else has it
	// known is set once the backing nodes and slots that there are were read under the lock.
	known   bool
	backing []*backing // in the order of protocol.md 7.5
	seats   map[string]*seat
	nextKey int
	// contests is how often somebody else was found to serve the provider. contested is since when that is so while we do,
	// zero while it is not.
	contests  int
	contested time.Time
}

// backing is a backing node, or a request for one.
type backing struct {
	metastatic.Backing
	request   string
	contender string // of its lock, ours
}

// seat is what a launch waits for: by node id, good for one attempt.
type seat struct {
	la       *launch
	attempt  int
	deadline time.Time
	at       *metastatic.Seat // nil while none was chosen
	lost     int              // backing nodes that were lost meanwhile
}

// metastatic reports whether a provider is configured as one. Any goroutine may ask.
func (lp *loop) metastatic(provider string) bool {
	p := lp.l.config().Provider(provider)
	return p != nil && p.Metastatic()
}

// givesSlots reports whether this launcher gives a provider's slots.
func (lp *loop) givesSlots(p *config.Provider) bool {
	s := lp.slots[p.Name]
	return s != nil && s.lock != nil && s.known
}

// serveSlots notes whether the pools of a metastatic provider are registered by this launcher. Until all are, its nodes
// are left alone: who may resume their requests is not clear before.
func (lp *loop) serveSlots(provider string) {
	p := lp.cfg.Provider(provider)
	if p == nil || !p.Metastatic() {
		return
	}
	_, before := lp.serving.Load(provider)
	now := lp.givesSlots(p) && !slices.ContainsFunc(p.Pools, func(pool *config.Pool) bool { return lp.view.Own[keyOf(pool)] == "" })
	switch {
	case now == before:
		return
	case now:
		lp.serving.Store(provider, true)
	default:
		lp.serving.Delete(provider)
	}
	lp.reviewOwners()
}

// chooseSlots begins to look after metastatic providers that were configured, and leaves those that are not any more.
func (lp *loop) chooseSlots() {
	for name, s := range lp.slots {
		if p := lp.cfg.Provider(name); p == nil || !p.Metastatic() {
			lp.leaveSlots(s)
			delete(lp.slots, name)
			lp.serving.Delete(name)
		}
	}
	for _, p := range lp.cfg.Providers {
		if !p.Metastatic() || lp.cfg.Provider(p.Name) != p {
			continue
		}
		if s := lp.slots[p.Name]; s != nil {
			s.provider = p
			continue
		}
		s := &slots{provider: p, seats: map[string]*seat{}}
		s.ctx, s.leave = context.WithCancel(lp.ctx)
		lp.slots[p.Name] = s
		lp.seizeSlots(s, slotsPath+"/"+url.PathEscape(p.Name))
	}
	lp.slotsDue = true
}

// tendSlots carries out a plan for each metastatic provider, once a second and at once after something changed. It costs
// a look at each node of the fleet, as a pass does.
func (lp *loop) tendSlots() {
	if !lp.slotsDue {
		return
	}
	lp.slotsDue = false
	var nodes map[string][]metastatic.Node
	for name, s := range lp.slots {
		if s.lock == nil || !s.known || lp.yields(s) {
			continue
		}
		if nodes == nil {
			nodes = lp.slotNodes()
		}
		lp.share(s, nodes[name])
	}
}

// slotNodes gives the nodes of metastatic providers.
func (lp *loop) slotNodes() map[string][]metastatic.Node {
	out := map[string][]metastatic.Node{}
	for id, n := range lp.view.Nodes {
		s := lp.slots[n.Provider]
		if s == nil {
			continue
		}
		node := metastatic.Node{ID: id, Place: metastatic.PlaceOf(n.Node), Spare: n.State == record.NodeReady && n.AllocatedTo == "" && !n.Vanished && !n.Busy}
		if seat := lp.seatOf(s, id); seat != nil {
			node.Launch = &metastatic.Launch{Label: seat.la.label.Name, Deadline: seat.deadline, Seat: seat.at, Finishing: seat.la.phase == finishing}
		}
		out[n.Provider] = append(out[n.Provider], node)
	}
	return out
}

// seatOf is what the launch of a node waits for, nil when its attempt is over.
func (lp *loop) seatOf(s *slots, node string) *seat {
	seat := s.seats[node]
	if seat == nil {
		return nil
	}
	la := seat.la
	if lp.launches[node] == la && la.attempt == seat.attempt && (la.phase == applying || la.phase == finishing) {
		return seat
	}
	delete(s.seats, node)
	return nil
}

// share carries out one plan.
func (lp *loop) share(s *slots, nodes []metastatic.Node) {
	w := &metastatic.World{Now: time.Now(), Provider: s.provider, Nodes: nodes, NextKey: s.nextKey}
	for _, b := range s.backing {
		seen := b.Backing
		if r := lp.view.Requests[b.request]; r != nil {
			seen.Request = r.Request
		}
		if n := lp.view.Nodes[b.Node]; n != nil {
			seen.Record = n.Node
		}
		w.Backing = append(w.Backing, seen)
	}
	for _, a := range metastatic.Plan(w) {
		lp.actSlot(s, a)
	}
}

func (lp *loop) actSlot(s *slots, a metastatic.Action) {
	switch a := a.(type) {
	case metastatic.Ask:
		lp.askBacking(s, a)
	case metastatic.Adopt:
		lp.adoptBacking(s, s.find(a.Key), a.Node)
	case metastatic.Sit:
		s.seats[a.Node].at = &a.Seat
		lp.slotsDue = true
	case metastatic.Finish:
		lp.giveSlot(s, s.find(a.Key), s.seats[a.Node])
	case metastatic.Expire:
		lp.slotExpired(s, s.seats[a.Node])
	case metastatic.Refused:
		lp.refused(s, s.find(a.Key), a.Reason)
	case metastatic.Lose:
		lp.loseBacking(s, s.find(a.Key), a.Reason)
	case metastatic.Idle:
		b := s.find(a.Key)
		if b.IdleSince = (time.Time{}); a.Yes {
			b.IdleSince, lp.slotsDue = time.Now(), true
		}
	case metastatic.Release:
		lp.releaseBacking(s, s.find(a.Key), a.Reason)
	case metastatic.Cancel:
		lp.cancelBacking(s, s.find(a.Key))
	case metastatic.Strand:
		n := lp.view.Nodes[a.Node]
		n.Vanished = true
		lp.log.Warn("node is deleted: its backing node is lost", "node", a.Node, "provider", n.Provider, "backing", metastatic.PlaceOf(n.Node).Backing)
	}
}

// find gives the backing node of a key that a plan names; nil once it was dropped.
func (s *slots) find(key int) *backing {
	for _, b := range s.backing {
		if b.Key == key {
			return b
		}
	}
	return nil
}

func (s *slots) drop(b *backing) {
	s.backing = slices.DeleteFunc(s.backing, func(o *backing) bool { return o == b })
}
