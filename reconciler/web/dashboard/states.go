package dashboard

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// States counts the nodes by state.
type States struct {
	Known  bool
	Total  string
	Bar    Bar
	Counts []StateCount // of states that there are nodes in, and those that people look for
	All    Link
}

// StateCount is one state of the picture, a filter at the same time.
type StateCount struct {
	State, Count string
	Link         Link
}

// Link leads to the page with another query.
type Link struct {
	URL     string
	Current bool
}

// always are the states that are shown also when no node is in them, so that the picture does not jump.
var always = map[record.NodeState]bool{
	record.NodeBuilding: true, record.NodeReady: true, record.NodeInUse: true, record.NodeUsed: true, record.NodeDeleting: true,
	record.NodeHold: true, record.NodeFailed: true,
}

func newStates(s *status.Snapshot, q Query) States {
	counts := map[record.NodeState]int{}
	for i := range s.Nodes {
		counts[s.Nodes[i].State]++
	}
	v := States{Known: s.Session.Known(), Total: count(len(s.Nodes)), All: Link{q.inState("").URL(), q.State == ""}}
	var parts []part
	var words []string
	for _, state := range states {
		n := counts[state]
		if n == 0 && !always[state] {
			continue
		}
		name := string(state)
		v.Counts = append(v.Counts, StateCount{name, count(n), Link{q.inState(name).URL(), q.State == name}})
		parts = append(parts, part{name, float64(n)})
		if n > 0 {
			words = append(words, count(n)+" "+name)
		}
	}
	v.Bar = newBar("Nodes by state: "+strings.Join(words, ", "), 0, parts...)
	return v
}
