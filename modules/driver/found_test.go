package driver

import (
	"maps"
	"testing"
)

// TestUnmanaged: what counts against a quota and is none of the provider's nodes; a leaked machine is not either.
func TestUnmanaged(t *testing.T) {
	one := func(provider, node string, cores float64) Machine {
		return Machine{Provider: provider, Node: node, Resources: map[string]float64{"instances": 1, "cores": cores}}
	}
	q := Quota{Machines: []Machine{one("p", "1", 1), one("p", "leaked", 2), one("other", "1", 4), one("", "", 8)}}
	got := q.Unmanaged("p", func(id string) bool { return id == "1" })
	if want := map[string]float64{"instances": 3, "cores": 14}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
