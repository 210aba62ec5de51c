package record

import (
	"slices"
	"strings"
	"testing"
)

// TestOwnerAmong: who made a node is known though Nodepool has rewritten its record.
func TestOwnerAmong(t *testing.T) {
	const a, b = "0b1f77b3-6a0c-4a37-9f4e-5a4d2c3b1a09", "6b6fd058-2636-4c17-8bd7-a90c05c046cd"
	ours := PoolID("np", "cloud-a", "main", a)
	if other := PoolID("np", "cloud-a", "main", a); other == ours || len(other) != len("np-PoolWorker.cloud-a-main-")+32 {
		t.Errorf("two pool ids: %s, %s", ours, other)
	}
	theirs := "np01.example.org-PoolWorker.cloud-a-main-3c2b1a09f8e74cc5b4a3928170605f4e"
	said := &Node{Launcher: ours}
	said.SetOwner(b)
	for name, c := range map[string]struct {
		n     *Node
		known []string
		want  string
	}{
		"the record says it":           {said, []string{a}, b},
		"the pool says it":             {&Node{Launcher: ours}, []string{b, a}, a},
		"a launcher that is gone":      {&Node{Launcher: ours}, []string{b}, "unknown " + ownerMark(a)},
		"Nodepool's":                   {&Node{Launcher: theirs}, []string{a, b}, ""},
		"nobody's":                     {&Node{}, []string{a, b}, ""},
		"a dash at the end":            {&Node{Launcher: "x-"}, []string{a}, ""},
		"something that looks like it": {&Node{Launcher: strings.Repeat("8", 32)}, []string{a}, "unknown 888888888888888"},
	} {
		if got := c.n.OwnerAmong(slices.Values(c.known)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
