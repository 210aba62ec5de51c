package reconciler

import "testing"

// TestMayHold: a launcher that is away and may have something of a provider keeps others from forgetting its nodes.
func TestMayHold(t *testing.T) {
	for name, c := range map[string]struct {
		peer *peer
		want bool
	}{
		"there":                   {&peer{alive: true}, false},
		"away, not looked at":     {&peer{}, true},
		"away, nothing left":      {&peer{left: map[string]bool{}}, false},
		"away, other providers":   {&peer{left: map[string]bool{"other": true}}, false},
		"away, this one":          {&peer{left: map[string]bool{"p": true}}, true},
		"away, something unknown": {&peer{left: map[string]bool{anyProvider: true}}, true},
	} {
		p := &peers{known: map[string]*peer{"id": c.peer}}
		if got := p.mayHold("p"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
