package static

import (
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// World is what is known of one static provider.
type World struct {
	Now      time.Time
	Provider *config.Provider
	Nodes    []Node // all records of the provider
	Looks    map[config.MachineID]Look
	// Creating are the slots whose records are being created, and not yet among Nodes.
	Creating map[Slot]bool
}

// Slot of a machine.
type Slot struct {
	Machine config.MachineID
	Slot    int
}

// Look is what is known of looking at a machine.
type Look struct {
	Wanted  bool // it is looked at though nothing lacks: at the start, and when its configuration changed
	Running bool
	// Done is set for the one plan that follows a look; Host and Err are its result.
	Done bool
	Host Host
	Err  error
	// NotBefore holds back the next look after one that failed.
	NotBefore time.Time
}

// Action is one thing to do.
type Action interface{ action() }

type (
	// Probe looks at a machine: whether it answers, with which host keys. The result comes with the next plan.
	Probe struct{ Machine *config.StaticNode }
	// Register creates a READY node for a slot.
	Register struct {
		Machine *config.StaticNode
		Slot    int
		Host    Host
	}
	// Rewrite brings an unused node up to date, under its lock.
	Rewrite struct {
		Node    string
		Machine *config.StaticNode
		Slot    int
		Host    Host
	}
	// Deregister deletes an unused node.
	Deregister struct{ Node, Reason string }
	// Again keeps a look wanted: what it showed does not fit an unused node that could not be touched just now.
	Again struct{ Machine *config.StaticNode }
)

func (Probe) action()      {}
func (Register) action()   {}
func (Rewrite) action()    {}
func (Deregister) action() {}
func (Again) action()      {}

// Plan says what to do now, machines in file order, then nodes by id. What a node in use lacks waits until it is given
// back: then its record goes and its slot is registered as configured.
func Plan(w *World) []Action {
	p := planner{World: w}
	byMachine := map[config.MachineID][]*Node{}
	for i := range w.Nodes {
		if n := &w.Nodes[i]; occupies(n.State) {
			byMachine[IDOf(n.Node)] = append(byMachine[IDOf(n.Node)], n)
		}
	}
	for _, pool := range w.Provider.Pools {
		for _, m := range pool.StaticNodes {
			p.machine(m, byMachine[m.ID()])
			delete(byMachine, m.ID())
		}
	}
	var unknown []*Node
	for _, nodes := range byMachine {
		unknown = append(unknown, nodes...)
	}
	slices.SortFunc(unknown, func(a, b *Node) int { return strings.Compare(a.ID, b.ID) })
	p.deregister(unknown, "its machine is not configured")
	return p.out
}

type planner struct {
	*World
	out []Action
}

func (p *planner) machine(m *config.StaticNode, nodes []*Node) {
	slots, surplus := assign(m.MaxParallelJobs, nodes)
	p.deregister(surplus, "its machine has fewer slots")
	look := p.Looks[m.ID()]
	switch {
	case look.Done && look.Err != nil:
		p.deregister(slots, "its machine cannot be used: "+look.Err.Error())
		p.again(m, slots)
	case look.Done:
		p.settle(m, slots, look.Host)
		p.again(m, slots)
	case !look.Running && !p.Now.Before(look.NotBefore) && (look.Wanted || p.lacks(m, slots)):
		p.out = append(p.out, Probe{m})
	}
}

// lacks reports whether a slot has no record, or an unused one that is out of date.
func (p *planner) lacks(m *config.StaticNode, slots []*Node) bool {
	for i, n := range slots {
		if n == nil && !p.Creating[Slot{m.ID(), i}] || n != nil && n.idle() && !current(n.Node, m, i) {
			return true
		}
	}
	return false
}

// settle does what a machine lacks after it has answered.
func (p *planner) settle(m *config.StaticNode, slots []*Node, h Host) {
	for i, n := range slots {
		switch {
		case n == nil && !p.Creating[Slot{m.ID(), i}]:
			p.out = append(p.out, Register{m, i, h})
		case n != nil && n.idle() && (!current(n.Node, m, i) || !sameKeys(n.HostKeys, h.Keys)):
			p.out = append(p.out, Rewrite{n.ID, m, i, h})
		}
	}
}

func (p *planner) again(m *config.StaticNode, slots []*Node) {
	if slices.ContainsFunc(slots, func(n *Node) bool { return n != nil && n.unused() && !n.Free }) {
		p.out = append(p.out, Again{m})
	}
}

func (p *planner) deregister(nodes []*Node, reason string) {
	for _, n := range nodes {
		if n != nil && n.idle() {
			p.out = append(p.out, Deregister{n.ID, reason})
		}
	}
}
