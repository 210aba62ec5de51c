package desire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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

// What is explained is what is decided: a pool takes, or declines, a request exactly when Decide says so, for the same
// reasons, and of every other open request each pool that was asked says why it leaves it.
func TestExplainIsDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyWorld(t)
		type decided struct {
			Outcome
			reasons string
		}
		got := map[string]map[PoolKey]decided{}
		at := func(id string) map[PoolKey]decided {
			if got[id] == nil {
				got[id] = map[PoolKey]decided{}
			}
			return got[id]
		}
		for _, d := range Decide(v) {
			switch d := d.(type) {
			case Accept:
				at(d.Request)[d.PoolKey] = decided{Takes, ""}
			case Decline:
				at(d.Request)[d.PoolKey] = decided{Declines, strings.Join(d.Reasons, "; ")}
			}
		}
		for id, r := range v.Requests {
			explained := map[PoolKey]decided{}
			left := 0
			e := Explain(v, id)
			for _, w := range e.Verdicts {
				if w.Outcome == Leaves {
					left++
					if len(w.Reasons) == 0 || w.Reasons[0] == "" {
						t.Errorf("request %s is left by %v for no reason", id, w.PoolKey)
					}
					continue
				}
				explained[w.PoolKey] = decided{w.Outcome, strings.Join(w.Reasons, "; ")}
			}
			if diff := cmp.Diff(at(id), explained, cmp.AllowUnexported(decided{})); diff != "" {
				t.Errorf("request %s, decided and explained:\n%s", id, diff)
			}
			if open := r.State == record.RequestRequested && v.Handlers[id] == nil && e.Held == ""; open && len(explained) == 0 && left != len(newPass(v).own) {
				t.Errorf("request %s: %d of %d pools say why they leave it", id, left, len(newPass(v).own))
			}
		}
	})
}

// The figures that an operator needs.
func TestExplainFigures(t *testing.T) {
	const r = "200-0000000001"
	full := node("0000000007", record.NodeInUse, "small", contended)
	for _, c := range []struct {
		name  string
		world []part
		want  string
	}{
		{"tenant", []part{std(), tenant("acme", "instances", 1), node("0000000007", record.NodeInUse, "small", contended, nodeTenant("acme"), takes(map[string]float64{"instances": 1})), req(r, "small", ofTenant("acme"))},
			"leaves 4.3.8 the limits of tenant acme are reached: instances: 1 of 1 used, 1 more wanted"},
		{"quota", []part{std(maxServers(1)), full, req(r, "small")}, "takes 4.3.14 [instances: 1 of 1 used, 1 more wanted]"},
		{"label", []part{std(), req(r, "nope")}, `declines 4.4 label "nope" is not offered`},
		{"too large", []part{std(maxServers(1)), req(r, "small small")}, "declines 4.4 it needs more instances than the pool may ever have: 2 of 1"},
		{"in hand", []part{std(maxServers(1)), full, req(r, "small", pending), handler(r, "", hPaused)}, "[instances: 1 of 1 used, 1 more wanted]"},
	} {
		e := Explain(world(c.world...), r)
		var got []string
		for _, v := range e.Verdicts {
			got = append(got, strings.TrimSpace(string(v.Outcome)+" "+v.Rule+" "+strings.Join(v.Reasons, "; ")))
		}
		if e.Short != "" {
			got = append(got, "["+e.Short+"]")
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
		}
	}
}
