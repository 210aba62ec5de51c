package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Every change gives either another configuration or a file that cannot be used.
func TestChanges(t *testing.T) {
	for _, change := range changes {
		for pick := range uint32(60) {
			_, spoils := broken(change, "labels: [{name: vm}]\n")
			if other := usual.after(change, pick) != usual; other == spoils {
				t.Errorf("%s, %d: changes the setup: %t, spoils the file: %t", change, pick, other, spoils)
			}
		}
	}
}

// A slot is to be registered once.
func TestSlots(t *testing.T) {
	zero, one := int64(0), int64(1)
	node := func(slot *int64) *record.Node {
		n := &record.Node{}
		n.Provider, n.Slot, n.ConnectionPort = rackProvider, slot, []byte("2200")
		return n
	}
	machines := []*machine{{Port: 2200, Slots: 2}}
	for name, c := range map[string]struct {
		nodes []*record.Node
		all   bool
		want  []string
	}{
		"each once":          {[]*record.Node{node(&zero), node(&one)}, true, nil},
		"one is missing":     {[]*record.Node{node(&zero)}, true, []string{"slot not registered"}},
		"it may be missing":  {[]*record.Node{node(&zero)}, false, nil},
		"one is there twice": {[]*record.Node{node(&zero), node(&zero), node(&one)}, true, []string{"slot registered twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			nodes := map[string]*record.Node{}
			for i, n := range c.nodes {
				nodes[strings.Repeat("0", 9)+string(rune('0'+i))] = n
			}
			var kinds []string
			for _, d := range slots(nodes, machines, c.all) {
				kinds = append(kinds, d.kind)
			}
			if !slices.Equal(kinds, c.want) {
				t.Errorf("found %v, want %v", kinds, c.want)
			}
		})
	}
}
