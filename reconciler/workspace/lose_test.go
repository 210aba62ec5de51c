package workspace

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// A run under way, as its copy and its folder have it: of its nodes one is complete, and may be in use.
const (
	halfRecord = `{"id":"w-1","provider":"cloud","base":"abc","slots":{
	"n1":{"node":"1","attempt":1,"label":"small","created":false},"n2":{"node":"2","attempt":1,"created":false},"n3":{"node":"3","attempt":1,"created":false}}}`
	halfState = `{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"l","outputs":{},"resources":[
	{"module":"module.n1","mode":"managed","type":"terraform_data","name":"vm","instances":[{"attributes":{"id":"a"}}]},
	{"module":"module.n2","mode":"managed","type":"terraform_data","name":"place","instances":[{"attributes":{"id":"b"}}]},
	{"mode":"managed","type":"terraform_data","name":"n1","instances":[{"attributes":{"id":"c","output":{"value":{"id":"a","interface_ip":"127.0.0.1"},"type":["object",{"id":"string","interface_ip":"string"}]}}}]}]}`
)

// TestLostInMidRun: whatever is left of a run, a node that its state holds complete is no node that was never begun.
func TestLostInMidRun(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]func(t *testing.T, b *bench){
		"its taker is killed before it settles": func(t *testing.T, b *bench) {
			d := store.Document{Provider: "cloud", Base: "abc", Run: &store.Run{Kind: "create"}, Files: map[string][]byte{recordFile: []byte(halfRecord), execute.StateFile: []byte(halfState)}}
			if _, err := b.m.TakeIn("w-1", d); err != nil { // a manager that is closed settles nothing
				t.Fatal(err)
			}
		},
		"its end was not recorded": func(t *testing.T, b *bench) {
			write(t, filepath.Join(b.m.folder(), "w-1", recordFile), halfRecord)
			write(t, filepath.Join(b.m.folder(), "w-1", execute.StateFile), halfState)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.m.Close()
			left(t, b)
			suspects := b.m.Suspects()
			b.open()
			b.eventually("it is settled", b.settled)
			if o, ok := b.m.State("1"); !ok || o.Kind != Created || o.Fields.InterfaceIP != "127.0.0.1" {
				t.Errorf("the node that is complete is %+v", o)
			}
			for _, n := range []string{"2", "3"} {
				if o, ok := b.m.State(n); !ok || o.Kind != Failed || o.Class() != execute.Killed {
					t.Errorf("node %s is %+v", n, o)
				}
			}
			if suspects = append(suspects, b.m.Suspects()...); len(suspects) != 1 {
				t.Errorf("suspects %v", suspects)
			}
			if strings.Contains(b.log.String(), "kind=destroy") {
				t.Error("something is destroyed that nobody has given back")
			}
		})
	}
}
