package workspace

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// TestSketch: orders that wait go out as a manager's do, by provider, module, and at most 25; what cannot be rendered is
// told by itself.
func TestSketch(t *testing.T) {
	in, err := modules.ParseInput("${node.hostname}", "here")
	if err != nil {
		t.Fatal(err)
	}
	tags, err := modules.ParseInput("${node.tags}", "here")
	if err != nil {
		t.Fatal(err)
	}
	spec := func(source string) *modules.Spec {
		return &modules.Spec{Module: modules.Module{Source: source}, Inputs: map[string]modules.Input{"name": in, "tags": tags}}
	}
	server, disk, missing := spec("./server"), spec("./disk"), spec("./missing")
	broken := &modules.Spec{Module: modules.Module{Source: "./server"}, Inputs: map[string]modules.Input{"count": in}}
	var orders []Order
	add := func(n int, provider string, s *modules.Spec) {
		for range n {
			id := fmt.Sprintf("%010d", len(orders))
			orders = append(orders, Order{Node: id, Attempt: 1, Request: "200-" + id, Provider: provider, Spec: s, Vars: modules.NodeVars{ID: id, Hostname: "np" + id, Tags: map[string]string{}}})
		}
	}
	add(30, "a", server)
	add(3, "b", server)
	add(2, "a", disk)
	add(1, "a", missing)
	add(1, "b", broken)
	base := func(s *modules.Spec) (*execute.Base, error) {
		if s == missing {
			return nil, errors.New("no such folder")
		}
		return &execute.Base{Name: s.Module.Source, Source: s.Module.Source}, nil
	}
	var got []string
	for _, d := range Sketch(orders, "terraform", base) {
		id := "none"
		if d.Record != nil {
			id = d.Record.ID
			for name, block := range d.Files {
				if node := d.Record.Slots[strings.TrimSuffix(name, ".tf")].Node; !strings.Contains(string(block), "np"+node) || !strings.Contains(string(block), id) {
					t.Errorf("block of %s in %s:\n%s", node, id, block)
				}
			}
		}
		got = append(got, fmt.Sprintf("%s %d/%d", id, len(d.Files), len(d.Failed)))
	}
	want := "none 0/1, a-new1 25/0, a-new2 5/0, a-new3 2/0, b-new1 3/1"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("\n got %s\nwant %s", s, want)
	}
	if n := len(Sketch(orders[:30], "opentofu", base)); n != 30 {
		t.Errorf("%d workspaces for 30 nodes with OpenTofu", n)
	}
}
