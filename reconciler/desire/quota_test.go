package desire

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

func TestExceeds(t *testing.T) {
	type m = map[string]float64
	for _, c := range []struct {
		name              string
		limit, used, need m
		want              string
	}{
		{"no limit", nil, m{"cores": 9}, m{"cores": 9}, ""},
		{"just fits", m{"cores": 10}, m{"cores": 4}, m{"cores": 6}, ""},
		{"one over", m{"cores": 10}, m{"cores": 5}, m{"cores": 6}, "cores"},
		{"over already", m{"cores": 10}, m{"cores": 11}, m{"ram": 1}, "cores"},
		{"negative limit", m{"cores": -1}, nil, nil, "cores"},
		{"zero of zero", m{"cores": 0}, nil, nil, ""},
		{"the first by name", m{"ram": 0, "cores": 0, "volumes": 9}, nil, m{"ram": 1, "cores": 1, "volumes": 1}, "cores"},
		{"rounding", m{"cores": 0.3}, m{"cores": 0.1 + 0.2}, nil, ""},
		{"fractions", m{"cores": 0.3}, m{"cores": 0.25}, m{"cores": 0.1}, "cores"},
	} {
		if got := exceeds(c.limit, c.used, c.need); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What counts as used (protocol.md 4.5): a pool for two nodes, one request for one more.
func TestUsage(t *testing.T) {
	const r = "200-0000000001"
	fits := []string{"accept 200-0000000001 a/main small"}
	full := []string{"accept 200-0000000001 a/main PAUSE", "set-paused a/main true"}
	two := std(limit("instances", 2))
	busy := node("0000000001", record.NodeInUse, "small", contended)
	with := func(parts ...part) []part { return append([]part{two, busy, req(r, "small")}, parts...) }
	inFlight := func(nodes string) part {
		return func(v *View) {
			req("100-0000000001", "small", pending)(v)
			handler("100-0000000001", nodes)(v)
		}
	}
	cases := []testCase{
		{"one of two", with(), fits},
		{"another pool", with(node("0000000002", record.NodeInUse, "small", contended, of("a", "side"))), fits},
		{"another provider", with(node("0000000002", record.NodeInUse, "small", contended, of("b", "main"))), fits},
		{"a label that is not configured any more", with(node("0000000002", record.NodeInUse, "old", contended)), fits},
		{"only the first label is looked at", with(node("0000000002", record.NodeInUse, "old small", contended)), fits},
		{"no label", with(node("0000000002", record.NodeInUse, "", contended)), fits},
		{"its resources, not the label's", with(node("0000000002", record.NodeInUse, "small", contended, takes(map[string]float64{"instances": 0}))), fits},
		{"its resources are larger", []part{two, node("0000000001", record.NodeInUse, "small", contended, takes(map[string]float64{"instances": 2})), req(r, "small")}, full},
		{"null resources", with(node("0000000002", record.NodeInUse, "small", contended, takes(nil))), full},
		{"a record on its way", with(inFlight("small::l")), full},
		{"a record on its way that is there already", with(inFlight("small::l"), node("0000000002", record.NodeInit, "small", allocated("100-0000000001"), contended)), full},
		{"which counts once", []part{std(limit("instances", 3)), busy, req(r, "small"), inFlight("small::l"), node("0000000002", record.NodeInit, "small", allocated("100-0000000001"), contended)}, fits},
		{"a failed creation", with(inFlight("small::f"), func(v *View) { v.Handlers["100-0000000001"].Busy = true }), fits},
		{"a request being accepted", with(req("100-0000000001", "small", reqBusy), accepting("100-0000000001", "small::l")), full},
		{"reuse by a request being accepted takes nothing", []part{std(limit("instances", 3)), busy, node("0000000002", record.NodeReady, "small", nodeBusy), req("100-0000000001", "small", reqBusy),
			accepting("100-0000000001", "small:0000000002:l"), req(r, "small")}, fits},
		{"accepted for a pool that is not configured", with(req("100-0000000001", "small", reqBusy), accepting("100-0000000001", "small::l", inPool("z", "z"))), fits},
		{"two accepts in one pass", []part{two, req(r, "small"), req("200-0000000002", "small"), req("200-0000000003", "small"), req("200-0000000004", "small")},
			[]string{"accept 200-0000000001 a/main small", "accept 200-0000000002 a/main small", "accept 200-0000000003 a/main PAUSE", "set-paused a/main true"}},
		{"a fill, then an accept", []part{two, publishedPaused("own/a/main"), req("100-0000000001", "small", pending), handler("100-0000000001", "", hPaused), req(r, "small small")},
			[]string{"fill 100-0000000001 small", "accept 200-0000000001 a/main small PAUSE"}},
		{"pools of one provider have their own limits", []part{prov("a", pool("main", "small", limit("instances", 1)), pool("side", "small", limit("instances", 1))), node("0000000001", record.NodeInUse, "small", contended), req(r, "small", declinedBy("own/a/main"))},
			[]string{"accept 200-0000000001 a/side small"}},
	}
	// Capacity is free only when the record is gone (protocol.md 9.26).
	for _, s := range []record.NodeState{record.NodeInit, record.NodeBuilding, record.NodeTesting, record.NodeInUse, record.NodeUsed, record.NodeHold, record.NodeDeleting, record.NodeFailed, record.NodeAborted, record.NodeDeleted} {
		cases = append(cases, testCase{"state " + string(s), with(node("0000000002", s, "small", contended)), full})
	}
	run(t, cases)
}
