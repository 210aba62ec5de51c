package static

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestLife carries plans out in any order while machines die, come back and are configured otherwise, jobs come and go,
// and records turn up that somebody else wrote. Never is a slot READY twice by our doing, never is a node touched that
// somebody has; and when the world calms down every machine that answers has exactly its slots.
func TestLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &life{T: t, nodes: map[string]*Node{}, looks: map[config.MachineID]Look{}, creating: map[Slot]bool{}, dead: map[string]bool{}}
		l.configure()
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			l.disturb()
			l.step()
		}
		l.calm = true
		clear(l.dead)
		for i := 0; !l.settled(); i++ {
			if i > 500 {
				t.Fatalf("it never comes to rest: %s", l)
			}
			l.step()
		}
	})
}

type life struct {
	*rapid.T
	p        *config.Provider
	nodes    map[string]*Node
	looks    map[config.MachineID]Look
	creating map[Slot]bool
	dead     map[string]bool
	begun    []func()
	serial   int
	seconds  int
	calm     bool
}

func (l *life) chance(percent int, what string) bool {
	return rapid.IntRange(1, 100).Draw(l.T, what) <= percent
}

func (l *life) configure() {
	var machines []string
	for _, name := range []string{"a", "b", "c"} {
		if l.chance(80, "machine "+name) {
			machines = append(machines, fmt.Sprintf("%s:%d:%s", name, rapid.IntRange(0, 3).Draw(l.T, "jobs"), rapid.SampledFrom([]string{"x", "x,y", "y"}).Draw(l.T, "labels")))
		}
	}
	l.p = rack(machines...)
	for _, m := range l.p.Pools[0].StaticNodes {
		look := l.looks[m.ID()]
		look.Wanted = true
		l.looks[m.ID()] = look
	}
}

func (l *life) add(n *record.Node) {
	l.serial++
	n.ID = fmt.Sprintf("%010d", l.serial)
	l.nodes[n.ID] = &Node{Node: n, Free: true}
}

// disturb lets others act: jobs, operators, another launcher, machines.
func (l *life) disturb() {
	for _, id := range slices.Sorted(maps.Keys(l.nodes)) {
		n := l.nodes[id]
		switch {
		case !n.Free:
		case n.unused() && l.chance(20, "taken"):
			n.AllocatedTo = "200-1"
		case n.State == record.NodeReady && n.AllocatedTo != "":
			n.State = record.NodeInUse
		case n.State == record.NodeInUse && l.chance(30, "hold"):
			n.State = record.NodeHold
		case n.State == record.NodeInUse || n.State == record.NodeHold:
			if l.chance(30, "given back") {
				n.State = record.NodeUsed
			}
		}
	}
	if l.chance(10, "configured otherwise") {
		l.configure()
	}
	if l.chance(10, "dies") {
		l.dead[rapid.SampledFrom([]string{"a", "b", "c"}).Draw(l.T, "machine")] = true
	}
	if l.chance(10, "recovers") {
		clear(l.dead)
	}
	if machines := l.p.Pools[0].StaticNodes; len(machines) > 0 && l.chance(10, "registered by another") {
		m := rapid.SampledFrom(machines).Draw(l.T, "machine")
		n := NewNode(m, rapid.IntRange(-1, 3).Draw(l.T, "slot"), Host{Keys: append(host.Keys, host.Keys...)}, now)
		if *n.Slot < 0 {
			n.Slot = nil
		}
		l.add(n)
	}
}

func (l *life) step() {
	l.seconds += 10
	w := &World{Now: now.Add(time.Duration(l.seconds) * time.Second), Provider: l.p, Looks: maps.Clone(l.looks), Creating: l.creating}
	for _, n := range l.nodes {
		w.Nodes = append(w.Nodes, *n)
	}
	actions := Plan(w)
	for id, look := range l.looks {
		look.Done, look.Err = false, nil
		l.looks[id] = look
	}
	for _, a := range actions {
		l.act(w.Now, a)
	}
	for len(l.begun) > 0 && (l.calm || l.chance(60, "an effect ends")) {
		i := rapid.IntRange(0, len(l.begun)-1).Draw(l.T, "effect")
		f := l.begun[i]
		l.begun = slices.Delete(l.begun, i, i+1)
		f()
	}
	for _, id := range slices.Sorted(maps.Keys(l.nodes)) { // the reaper
		if n := l.nodes[id]; n.State == record.NodeUsed && n.Free && l.chance(70, "reaped") {
			delete(l.nodes, id)
		}
	}
}

func (l *life) act(now time.Time, a Action) {
	switch a := a.(type) {
	case Probe:
		id := a.Machine.ID()
		if l.looks[id].Running {
			l.Fatalf("second look at %s", id.Hostname)
		}
		l.looks[id] = Look{Running: true}
		l.begun = append(l.begun, func() {
			look := Look{Done: true, Host: host, Wanted: l.looks[id].Wanted}
			if l.dead[id.Hostname] {
				look.Err, look.NotBefore = errors.New("dead"), now.Add(time.Minute)
			}
			l.looks[id] = look
		})
	case Register:
		at := Slot{a.Machine.ID(), a.Slot}
		if l.creating[at] {
			l.Fatalf("slot %v is registered twice", at)
		}
		for _, n := range l.nodes {
			if n.unused() && IDOf(n.Node) == at.Machine && n.Slot != nil && *n.Slot == int64(a.Slot) && n.Free && Current(n.Node, a.Machine) {
				l.Fatalf("slot %v has READY node %s", at, n.ID)
			}
		}
		l.creating[at] = true
		l.begun = append(l.begun, func() {
			delete(l.creating, at)
			l.add(NewNode(a.Machine, a.Slot, a.Host, now))
		})
	case Again:
		look := l.looks[a.Machine.ID()]
		look.Wanted = true
		l.looks[a.Machine.ID()] = look
	case Rewrite:
		n := l.touch(a.Node)
		l.begun = append(l.begun, func() {
			Describe(n.Node, a.Machine, a.Slot, a.Host)
			n.Free = true
		})
	case Deregister:
		n := l.touch(a.Node)
		l.begun = append(l.begun, func() { delete(l.nodes, n.ID) })
	}
}

func (l *life) touch(id string) *Node {
	n := l.nodes[id]
	if n == nil || !n.Free || !n.unused() {
		l.Fatalf("node %s is somebody's: %+v", id, n)
	}
	n.Free = false
	return n
}

// settled reports whether each machine has its slots, once each, as configured, with the keys it shows.
func (l *life) settled() bool {
	if len(l.begun) > 0 {
		return false
	}
	want := map[Slot]bool{}
	for _, m := range l.p.Pools[0].StaticNodes {
		for i := range m.MaxParallelJobs {
			want[Slot{m.ID(), i}] = true
		}
		used := 0
		for _, n := range l.nodes {
			if IDOf(n.Node) == m.ID() && !n.unused() {
				used++
			}
		}
		count := 0
		for _, n := range l.nodes {
			if IDOf(n.Node) != m.ID() {
				continue
			}
			count++
			if n.unused() && (!Current(n.Node, m) || !sameKeys(n.HostKeys, host.Keys)) {
				return false
			}
		}
		if count != max(used, m.MaxParallelJobs) {
			return false
		}
	}
	ready := map[Slot]int{}
	for _, n := range l.nodes {
		if n.unused() {
			at := Slot{IDOf(n.Node), int(*n.Slot)}
			if ready[at]++; ready[at] > 1 || !want[at] {
				return false
			}
		}
	}
	return true
}

func (l *life) String() string {
	s := fmt.Sprintf("looks %+v creating %v", l.looks, l.creating)
	for _, m := range l.p.Pools[0].StaticNodes {
		s += fmt.Sprintf("\nmachine %s %d %v", m.Name, m.MaxParallelJobs, m.Labels)
	}
	for _, id := range slices.Sorted(maps.Keys(l.nodes)) {
		n := l.nodes[id]
		slot := int64(-1)
		if n.Slot != nil {
			slot = *n.Slot
		}
		s += fmt.Sprintf("\nnode %s %s %s/%d %v for %q free %v", id, n.State, n.Hostname, slot, n.Type, n.AllocatedTo, n.Free)
	}
	return s
}
