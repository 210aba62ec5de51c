package metastatic

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestLife carries plans out in any order while jobs come and go, requests fail, backing nodes vanish and the launcher is
// restarted. Never has a slot two nodes or a backing node more nodes than slots; never is one given back that has a slot
// in use, that is too young, or that did not idle for long enough; none gets a slot past its max-age. In the end nothing
// is left.
func TestLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &life{T: t, hosts: map[string]*record.Node{}, nodes: map[string]*Node{}, now: now}
		for range rapid.IntRange(5, 80).Draw(t, "steps") {
			l.disturb()
			l.step()
		}
		l.calm = true
		for i := 0; len(l.nodes) > 0 || len(l.backing) > 0; i++ {
			if i > 1000 {
				t.Fatalf("it never comes to rest: %d nodes, backing %+v", len(l.nodes), l.backing)
			}
			l.disturb()
			l.step()
		}
		for id, h := range l.hosts {
			if h.State == record.NodeInUse {
				t.Fatalf("backing node %s is kept for nothing", id)
			}
		}
	})
}

type life struct {
	*rapid.T
	now     time.Time
	backing []*Backing
	hosts   map[string]*record.Node
	nodes   map[string]*Node
	serial  int
	nextKey int
	calm    bool
}

func (l *life) chance(percent int, what string) bool {
	return rapid.IntRange(1, 100).Draw(l.T, what) <= percent
}

func (l *life) disturb() {
	l.now = l.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(l.T, "seconds")) * time.Second)
	if !l.calm && l.chance(60, "wanted") {
		l.serial++
		id := fmt.Sprintf("%06d", l.serial)
		l.nodes[id] = &Node{ID: id, Launch: &Launch{Label: rapid.SampledFrom([]string{"a", "b"}).Draw(l.T, "label"), Deadline: l.now.Add(time.Hour)}}
	}
	for _, id := range slices.Sorted(maps.Keys(l.nodes)) {
		n := l.nodes[id]
		if (n.Launch == nil || n.Launch.Seat == nil || l.calm) && l.chance(30, "gone "+id) {
			delete(l.nodes, id)
		}
	}
	for _, b := range l.backing {
		switch {
		case b.Phase == Awaited && l.chance(60, "answered"):
			l.answer(b)
		case b.Phase == Held && !l.calm && l.chance(5, "vanishes"):
			delete(l.hosts, b.Node)
		}
	}
	if !l.calm && l.chance(5, "restart") {
		l.restart()
	}
}

func (l *life) answer(b *Backing) {
	if !l.calm && l.chance(20, "refused") {
		b.Request = &record.Request{State: record.RequestFailed}
		return
	}
	l.serial++
	id := fmt.Sprintf("%06d", l.serial)
	l.hosts[id] = &record.Node{ID: id, Provider: "cloud", State: record.NodeReady}
	b.Request = &record.Request{State: record.RequestFulfilled, Nodes: []string{id}}
}

// restart forgets all but the records; launches begin anew.
func (l *life) restart() {
	l.backing = nil
	for _, id := range slices.Sorted(maps.Keys(l.hosts)) {
		h := l.hosts[id]
		if m, ok := MarkOf(h); ok && h.State == record.NodeInUse {
			l.backing = append(l.backing, &Backing{Key: l.nextKey, Mark: m, Phase: Held, Node: id, IdleSince: l.now})
			l.nextKey++
		}
	}
	for _, n := range l.nodes {
		if n.Launch != nil {
			n.Launch.Seat = nil
		}
	}
}

func (l *life) step() {
	w := &World{Now: l.now, Provider: provider(), NextKey: l.nextKey}
	for _, b := range l.backing {
		seen := *b
		seen.Record = l.hosts[b.Node]
		w.Backing = append(w.Backing, seen)
	}
	for _, n := range l.nodes {
		w.Nodes = append(w.Nodes, *n)
	}
	for _, a := range Plan(w) {
		l.act(a)
	}
	l.check()
}

func (l *life) find(key int) *Backing {
	for _, b := range l.backing {
		if b.Key == key {
			return b
		}
	}
	l.Fatalf("there is no backing node %d", key)
	return nil
}

func (l *life) drop(key int) {
	for i, b := range l.backing {
		if b.Key == key {
			l.backing = append(l.backing[:i:i], l.backing[i+1:]...)
			break
		}
	}
	for _, n := range l.nodes {
		if n.Launch != nil && n.Launch.Seat != nil && n.Launch.Seat.Key == key {
			n.Launch.Seat = nil
		}
	}
}

func (l *life) act(a Action) {
	switch a := a.(type) {
	case Ask:
		b := &Backing{Key: a.Key, Mark: a.Mark, Phase: Awaited, Request: &record.Request{State: record.RequestRequested}}
		l.backing, l.nextKey = append(l.backing, b), a.Key+1
	case Adopt:
		b := l.find(a.Key)
		h := l.hosts[a.Node]
		h.State, h.UserData = record.NodeInUse, b.Encode()
		b.Phase, b.Node, b.Request = Held, a.Node, nil
	case Sit:
		b := l.find(a.Key)
		if record.Now(l.now)-b.Launched > 3600 || b.Label != l.nodes[a.Node].Launch.Label {
			l.Fatalf("node %s gets a slot of %+v", a.Node, b)
		}
		l.nodes[a.Node].Launch.Seat = &a.Seat
	case Finish:
		b := l.find(a.Key)
		if b.Phase != Held || l.hosts[b.Node] == nil {
			l.Fatalf("node %s gets a slot of %+v", a.Node, b)
		}
		if l.chance(80, "written") {
			n := l.nodes[a.Node]
			n.Launch, n.Place = nil, Place{b.Node, a.Slot}
		}
	case Expire:
		delete(l.nodes, a.Node)
	case Strand:
		delete(l.nodes, a.Node)
	case Refused:
		l.drop(a.Key)
	case Lose:
		l.drop(a.Key)
	case Cancel:
		l.drop(a.Key)
	case Idle:
		if b := l.find(a.Key); a.Yes {
			b.IdleSince = l.now
		} else {
			b.IdleSince = time.Time{}
		}
	case Release:
		l.release(a.Key)
	}
}

func (l *life) release(key int) {
	b := l.find(key)
	for id, n := range l.nodes {
		if n.Backing == b.Node || n.Launch != nil && n.Launch.Seat != nil && n.Launch.Seat.Key == key {
			l.Fatalf("backing node %s is given back under node %s", b.Node, id)
		}
	}
	age := record.Now(l.now) - b.Launched
	if age <= 3600 && (age <= 600 || l.now.Sub(b.IdleSince) <= time.Minute) {
		l.Fatalf("backing node %+v is given back too early", b)
	}
	l.hosts[b.Node].State = record.NodeUsed
	l.drop(key)
}

func (l *life) check() {
	given, chosen := map[Place]string{}, map[Seat]string{}
	for id, n := range l.nodes {
		if n.Backing != "" {
			if other := given[n.Place]; other != "" {
				l.Fatalf("nodes %s and %s have slot %+v", id, other, n.Place)
			}
			given[n.Place] = id
			if h := l.hosts[n.Backing]; h != nil {
				if m, _ := MarkOf(h); n.Slot >= m.Slots {
					l.Fatalf("node %s has slot %d of %d", id, n.Slot, m.Slots)
				}
			}
		}
		if n.Launch != nil && n.Launch.Seat != nil {
			if other := chosen[*n.Launch.Seat]; other != "" {
				l.Fatalf("nodes %s and %s are to have slot %+v", id, other, *n.Launch.Seat)
			}
			chosen[*n.Launch.Seat] = id
		}
	}
}
