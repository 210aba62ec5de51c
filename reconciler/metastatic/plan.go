package metastatic

import (
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Plan says what to do now. It costs a look at each node of the provider.
func Plan(w *World) []Action {
	p := &planner{World: w, dead: map[int]bool{}, asked: nil, taken: map[Seat]string{}, busy: map[int]int{}, byNode: map[string]int{}}
	for i := range w.Backing {
		p.follow(&w.Backing[i])
	}
	p.occupied()
	nodes := slices.Clone(w.Nodes)
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.ID, b.ID) })
	for i := range nodes {
		p.serve(&nodes[i])
	}
	for i := range w.Backing {
		p.rest(&w.Backing[i])
	}
	return p.out
}

type planner struct {
	*World
	out    []Action
	dead   map[int]bool    // dropped by this plan
	asked  []Backing       // by this plan
	taken  map[Seat]string // by whom
	busy   map[int]int     // slots in use, by backing node
	byNode map[string]int  // backing nodes that are held
}

func (p *planner) add(a Action) { p.out = append(p.out, a) }

// follow takes a backing node one step on, or drops it.
func (p *planner) follow(b *Backing) {
	switch b.Phase {
	case Awaited:
		p.await(b)
	case Held:
		p.byNode[b.Node] = b.Key
		if why := Lost(b.Record, Owner(p.Provider.Name)); why != "" {
			p.dead[b.Key] = true
			p.add(Lose{b.Key, why})
		}
	case Leaving:
		p.byNode[b.Node] = b.Key
	}
}

func (p *planner) await(b *Backing) {
	why := ""
	switch r := b.Request; {
	case r == nil:
		why = "the request for it is gone"
	case r.State == record.RequestFailed:
		why = "request " + r.ID + " for it failed: nothing serves the backing label, or its launches fail"
	case r.State == record.RequestFulfilled && len(r.Nodes) == 0:
		why = "request " + r.ID + " brought no node"
	case r.State == record.RequestFulfilled:
		p.add(Adopt{b.Key, r.Nodes[0]})
	}
	if why != "" {
		p.dead[b.Key] = true
		p.add(Refused{b.Key, why})
	}
}

// occupied notes the slots that records and launches name.
func (p *planner) occupied() {
	for i := range p.Nodes {
		n := &p.Nodes[i]
		var own *Seat
		if key, ok := p.byNode[n.Backing]; ok && n.Backing != "" {
			own = &Seat{key, n.Slot}
			p.occupy(*own, n.ID)
		}
		if n.Launch != nil && n.Launch.Seat != nil && (own == nil || *own != *n.Launch.Seat) {
			p.occupy(*n.Launch.Seat, n.ID)
		}
	}
}

// shared is in the place of a node where two have a slot.
const shared = "*"

func (p *planner) occupy(s Seat, node string) {
	p.busy[s.Key]++
	if by, ok := p.taken[s]; ok && by != node {
		node = shared
	}
	p.taken[s] = node
}

// serve brings a launch on its way, and has a node deleted whose backing node is lost.
func (p *planner) serve(n *Node) {
	l := n.Launch
	switch {
	case l == nil:
		if _, known := p.byNode[n.Backing]; n.Spare && n.Backing != "" && !known {
			p.add(Strand{n.ID})
		}
	case l.Finishing:
	case p.Now.After(l.Deadline):
		p.add(Expire{n.ID})
	case l.Seat == nil:
		p.sit(n)
	case p.phase(l.Seat.Key) == Held && !p.dead[l.Seat.Key]:
		p.add(Finish{n.ID, *l.Seat})
	}
}

func (p *planner) phase(key int) Phase {
	for i := range p.Backing {
		if p.Backing[i].Key == key {
			return p.Backing[i].Phase
		}
	}
	return Asked
}

// sit takes the lowest free slot of the first backing node that has one, or asks for another.
func (p *planner) sit(n *Node) {
	label := n.Launch.Label
	c := p.settings(label)
	if c == nil {
		return // not configured any more: the launch is about to end
	}
	for _, list := range [][]Backing{p.Backing, p.asked} {
		for i := range list {
			b := &list[i]
			if b.Label != label || b.Phase == Leaving || p.dead[b.Key] || p.retired(b, c) {
				continue
			}
			if slot, ok := p.free(b, n); ok {
				p.take(n, Seat{b.Key, slot})
				if b.Phase == Held {
					p.add(Finish{n.ID, Seat{b.Key, slot}})
				}
				return
			}
		}
	}
	m := Mark{Owner: Owner(p.Provider.Name), Label: label, Slots: max(1, c.MaxParallelJobs), Launched: record.Now(p.Now)}
	b := Backing{Key: p.NextKey + len(p.asked), Mark: m, Phase: Asked}
	p.asked = append(p.asked, b)
	p.add(Ask{b.Key, m, c.Label})
	p.take(n, Seat{b.Key, 0})
}

func (p *planner) take(n *Node, s Seat) {
	p.occupy(s, n.ID)
	p.add(Sit{n.ID, s})
}

// free finds a slot for a node: the one it has, else the lowest that nobody has.
func (p *planner) free(b *Backing, n *Node) (slot int, ok bool) {
	if n.Backing != "" && n.Backing == b.Node && n.Slot >= 0 && n.Slot < b.Slots && p.taken[Seat{b.Key, n.Slot}] == n.ID {
		return n.Slot, true
	}
	for slot := range b.Slots {
		if _, taken := p.taken[Seat{b.Key, slot}]; !taken {
			return slot, true
		}
	}
	return 0, false
}

// settings are those of a label now, nil when it is not configured any more.
func (p *planner) settings(label string) *config.Backing {
	for _, pool := range p.Provider.Pools {
		if l := pool.Labels[label]; l != nil {
			return l.Backing
		}
	}
	return nil
}

// retired reports whether a backing node gets no new slots, and is given back as soon as it has none in use.
func (p *planner) retired(b *Backing, c *config.Backing) bool {
	if b.Failed || c == nil || c.MaxAge > 0 && p.age(b) > c.MaxAge.Seconds() {
		return true
	}
	m, ok := Mark{}, false
	if b.Record != nil {
		m, ok = MarkOf(b.Record)
	}
	return ok && m.Failed // somebody else found it out
}

func (p *planner) age(b *Backing) float64 { return record.Now(p.Now) - b.Launched }

// rest gives back what has no slots in use for long enough.
func (p *planner) rest(b *Backing) {
	if p.dead[b.Key] || b.Phase == Adopting || b.Phase == Leaving {
		return
	}
	empty := p.busy[b.Key] == 0
	if empty == b.IdleSince.IsZero() {
		p.add(Idle{b.Key, empty})
		return
	}
	c := p.settings(b.Label)
	if !empty || b.Phase == Asked || !p.retired(b, c) && (p.Now.Sub(b.IdleSince) <= c.GraceTime || p.age(b) <= c.MinRetentionTime.Seconds()) {
		return
	}
	if b.Phase == Awaited {
		p.add(Cancel{b.Key})
		return
	}
	p.add(Release{b.Key, p.reason(b, c)})
}

func (p *planner) reason(b *Backing, c *config.Backing) string {
	switch {
	case c == nil:
		return "its label is not configured any more"
	case c.MaxAge > 0 && p.age(b) > c.MaxAge.Seconds():
		return "max-age"
	case p.retired(b, c):
		return "it failed"
	}
	return "no slot was in use for grace-time"
}
