package reconciler

import (
	"bytes"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/journal"
)

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

// TestMissing: while workspaces that were taken lie not here, any node of a launcher that is gone may be in one of them.
func TestMissing(t *testing.T) {
	for _, missing := range []bool{false, true} {
		p := &peers{listed: true, missing: missing, known: map[string]*peer{"id": {left: map[string]bool{}}}}
		if p.foreign("id", "p") != missing || p.mayHold("p") != missing {
			t.Errorf("missing %t: foreign %t, may hold %t", missing, p.foreign("id", "p"), p.mayHold("p"))
		}
	}
}

// TestGoneNodesAreNotWaitedFor: what is known of a node that is left to others goes with its record.
func TestGoneNodesAreNotWaitedFor(t *testing.T) {
	var log bytes.Buffer
	lp := aLoop(&log)
	lp.l.journal = journal.New()
	lp.ownerless = map[string]time.Time{"0000000001": {}, "0000000002": {}}
	lp.seeNode("0000000001", nil, 0)
	if _, waits := lp.ownerless["0000000001"]; waits || len(lp.ownerless) != 1 {
		t.Error(lp.ownerless)
	}
}
