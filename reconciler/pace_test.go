package reconciler

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPaceLetsARequestThrough(t *testing.T) {
	var p pace
	now := time.Unix(0, 0)
	for i := range 6 { // passes of a request in a large fleet, one right after the other
		now = now.Add(8 * time.Millisecond)
		if rest := p.rest(now, 8*time.Millisecond); rest != 0 {
			t.Errorf("pass %d is followed by a rest of %s", i, rest)
		}
	}
	now = now.Add(20 * time.Millisecond)
	if p.rest(now, 20*time.Millisecond) == 0 {
		t.Error("passes without end")
	}
}

// In any stretch of time passes take no more than their share, and what was saved, and the last pass.
func TestPaceKeepsItsShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pace
		start := time.Unix(0, 0)
		now, spent := start, time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(t, "passes") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "quiet")) * time.Millisecond)
			took := time.Duration(rapid.IntRange(0, 40_000).Draw(t, "took")) * time.Microsecond
			if limit := now.Sub(start)/paceShare + paceSaved; spent > limit {
				t.Fatalf("passes took %s in %s", spent, now.Sub(start))
			}
			now, spent = now.Add(took), spent+took
			now = now.Add(p.rest(now, took))
		}
	})
}
