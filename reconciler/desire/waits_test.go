package desire

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// What a request waits for is what Decide left it alone for.
func TestWaits(t *testing.T) {
	const r = "200-0000000001"
	busy := []part{node("0000000001", record.NodeInUse, "small", contended), req("100-0000000001", "small", pending), handler("100-0000000001", "", hPaused), publishedPaused("own/a/main")}
	for _, c := range []struct {
		name  string
		world []part
		want  []string
	}{
		{"accepted", []part{std(), req(r, "small")}, nil},
		{"another provider", []part{std(), peer("p", "b", 100, "small"), req(r, "small", prefers("b"))}, []string{"a/main: provider b is asked for"}},
		{"another pool", []part{std(), peer("p", "b", 50, "small"), req(r, "small")}, []string{"a/main: pool b/main goes first"}},
		{"labels", []part{std(), peer("p", "b", 100, "small", "gpu"), req(r, "small gpu")}, []string{"a/main: other pools have the labels"}},
		{"paused", append([]part{std(limit("cores", 2)), req(r, "small")}, busy...), []string{"a/main: the pool is paused: an earlier request waits for quota"}},
		{"declined", []part{std(), peer("p", "b", 100, "small"), req(r, "small", declinedBy("own/a/main"))}, []string{"a/main: declined"}},
	} {
		v := world(c.world...)
		if diff := cmp.Diff(c.want, Waits(v)[r]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if accepted := len(Decide(v)) > 0; accepted != (c.want == nil) {
			t.Errorf("%s: waits for %q, and decided %v", c.name, c.want, lines(Decide(v)))
		}
	}
}
