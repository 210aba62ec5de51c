package desire

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// The clocks of those who ask do not matter at all: whatever a request says of its times, the same is decided.
func TestClocksOfRequestors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyWorld(t)
		other := rebuilt(v)
		hours := rapid.IntRange(-72, 72)
		for _, id := range sortedKeys(other.Requests) {
			r := other.Requests[id]
			at := record.Now(now.Add(time.Duration(hours.Draw(t, "created")) * time.Hour))
			r.CreatedTime = &at
			r.StateTime = record.Now(now.Add(time.Duration(hours.Draw(t, "state")) * time.Hour))
		}
		if diff := cmp.Diff(lines(Decide(v)), lines(Decide(other))); diff != "" {
			t.Errorf("decisions depend on the requests' times (-without +with):\n%s", diff)
		}
	})
}

// What was written by a clock that is ahead of ours has no age yet: no node is given up for it.
func TestClocksAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyWorld(t)
		for _, id := range sortedKeys(v.Nodes) {
			v.Nodes[id].StateTime = ago(-time.Duration(rapid.IntRange(1, 72).Draw(t, "ahead")) * time.Hour)
		}
		for _, d := range Decide(v) {
			del, ok := d.(Delete)
			if ok && (strings.Contains(del.Reason, "age") || strings.Contains(del.Reason, "never launched")) {
				t.Errorf("%s, though its time is yet to come", show(d))
			}
		}
	})
}
