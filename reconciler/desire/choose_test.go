package desire

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// The rules of protocol.md 4.3 by their numbers, each from both sides.
func TestChoose(t *testing.T) {
	accepted := []string{"accept 200-0000000001 a/main small"}
	const r = "200-0000000001"
	run(t, []testCase{
		{"1 requested", []part{std(), req(r, "small")}, accepted},
		{"1 pending", []part{std(), req(r, "small", pending)}, nil},
		{"1 fulfilled", []part{std(), req(r, "small", inState(record.RequestFulfilled))}, nil},
		{"1 failed", []part{std(), req(r, "small", inState(record.RequestFailed))}, nil},
		{"busy request waits", []part{std(), req(r, "small", reqBusy)}, nil},
		{"held back request waits", []part{std(), req(r, "small", reqLater)}, nil},
		{"held back until now is due", []part{std(), req(r, "small", reqNow)}, accepted},
		{"own component not visible", []part{std(), unregistered("own/a/main"), req(r, "small")}, nil},
		{"own component not visible, nothing declined", []part{std(), unregistered("own/a/main"), peer("p", "b", 100, "other"), req(r, "nope")}, nil},

		{"2 declined by us", []part{std(), peer("p", "b", 100, "small"), req(r, "small", declinedBy("own/a/main"))}, nil},
		{"2 declined by us, and the last other pool went away", []part{std(), req(r, "small", declinedBy("own/a/main", "gone"))}, []string{"decline 200-0000000001 a/main (every registered pool has declined it)"}},
		{"2 declined by a stale id of ours", []part{std(), req(r, "small", declinedBy("own/a/main-of-yesterday"))}, accepted},

		{"3 candidates none", []part{std(), req(r, "nope")}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},
		{"3 a peer that has half of it is no candidate", []part{std(), peer("p", "b", 1, "small"), req(r, "small nope")}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},

		{"4 other provider wanted", []part{std(), peer("p", "b", 100, "small"), req(r, "small", prefers("b"))}, nil},
		{"4 other provider wanted, though paused", []part{std(), peer("p", "b", 100, "small"), publishedPaused("p"), req(r, "small", prefers("b"))}, nil},
		{"4 other provider offline", []part{std(), req(r, "small", prefers("b"))}, accepted},
		{"4 other provider declined", []part{std(), peer("p", "b", 100, "small"), req(r, "small", prefers("b"), declinedBy("p"))}, accepted},
		{"4 other provider lacks the label", []part{std(), peer("p", "b", 100, "other"), req(r, "small", prefers("b"))}, accepted},
		{"4 a pool of it declined, another not", []part{std(), peer("p", "b", 100, "small"), peer("q", "b", 100, "small"), req(r, "small", prefers("b"), declinedBy("p"))}, nil},
		{"4 we are wanted", []part{std(), peer("p", "b", 100, "small"), req(r, "small", prefers("a"))}, accepted},
		{"4 not even declined for another", []part{std(), peer("p", "b", 100, "nope"), req(r, "nope", prefers("b"))}, nil},

		{"5 better priority elsewhere", []part{std(), peer("p", "b", 50, "small"), req(r, "small")}, nil},
		{"5 better priority paused", []part{std(), peer("p", "b", 50, "small"), publishedPaused("p"), req(r, "small")}, accepted},
		{"5 better priority declined", []part{std(), peer("p", "b", 50, "small"), req(r, "small", declinedBy("p"))}, accepted},
		{"5 better priority lacks the label", []part{std(), peer("p", "b", 50, "large"), req(r, "small")}, accepted},
		{"5 same priority", []part{std(), peer("p", "b", 100, "small"), req(r, "small")}, accepted},
		{"5 worse priority", []part{std(), peer("p", "b", 101, "small"), req(r, "small")}, accepted},
		{"5 ours is worse by config", []part{std(priority(200)), peer("p", "b", 100, "small"), req(r, "small")}, nil},

		{"6 a label is lacking, a candidate has it", []part{std(), peer("p", "b", 100, "small", "gpu"), req(r, "small gpu")}, nil},
		{"6 all candidates declined", []part{std(), peer("p", "b", 100, "small", "gpu"), req(r, "small gpu", declinedBy("p"))}, []string{`decline 200-0000000001 a/main (label "gpu" is not offered)`}},
		{"6 paused candidates count", []part{std(), peer("p", "b", 100, "gpu"), publishedPaused("p"), req(r, "gpu")}, nil},

		{"no room for another node", []part{std(), diskFull, req(r, "small")}, []string{"set-paused a/main true"}},
		{"no room for another node, told", []part{std(), diskFull, publishedPaused("own/a/main"), req(r, "small")}, nil},
		{"room again", []part{std(), publishedPaused("own/a/main")}, []string{"set-paused a/main false"}},
		{"no room for another node, but impossible", []part{std(), diskFull, req(r, "nope")}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`, "set-paused a/main true"}},

		{"9 paused", []part{std(limit("cores", 2)), node("0000000001", record.NodeInUse, "small", contended), req("100-0000000001", "small", pending), handler("100-0000000001", "", hPaused), publishedPaused("own/a/main"), req(r, "small")}, nil},
		{"9 paused, but impossible", []part{std(limit("cores", 2)), node("0000000001", record.NodeInUse, "small", contended), req("100-0000000001", "small", pending), handler("100-0000000001", "", hPaused), publishedPaused("own/a/main"), req(r, "nope")}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},
		{"9 another pool of ours is paused", []part{
			prov("a", pool("main", "small", limit("cores", 2)), pool("side", "small")), node("0000000001", record.NodeInUse, "small", contended),
			req("100-0000000001", "small", pending), handler("100-0000000001", "", hPaused), publishedPaused("own/a/main"), req(r, "small"),
		}, []string{"accept 200-0000000001 a/side small"}},

		{"10 max-concurrency reached", []part{prov("a", pool("main", "small"), maxConcurrency(1)), req("100-0000000001", "small", pending), handler("100-0000000001", "small:0000000001:l"), req(r, "small")}, nil},
		{"10 max-concurrency not reached", []part{prov("a", pool("main", "small"), maxConcurrency(2)), req("100-0000000001", "small", pending), handler("100-0000000001", "small:0000000001:l"), req(r, "small")}, accepted},
		{"10 finished launches do not count", []part{prov("a", pool("main", "small"), maxConcurrency(1)), req("100-0000000001", "small", pending), handler("100-0000000001", "small:0000000001:r", hBusy), req(r, "small")}, accepted},
		{"10 all pools of the provider count", []part{prov("a", pool("main", "small"), pool("side", "other"), maxConcurrency(1)), req("100-0000000001", "other", pending), handler("100-0000000001", "other:0000000001:l", inPool("a", "side")), req(r, "small")}, nil},
		{"10 other providers do not", []part{prov("a", pool("main", "small"), maxConcurrency(1)), prov("b", pool("main", "other")), req("100-0000000001", "other", pending), handler("100-0000000001", "other:0000000001:l", inPool("b", "main")), req(r, "small")}, accepted},
		{"10 zero is no limit", []part{prov("a", pool("main", "small"), maxConcurrency(0)), req(r, "small")}, accepted},
		{"10 reached, but impossible", []part{prov("a", pool("main", "small"), maxConcurrency(1)), req("100-0000000001", "small", pending), handler("100-0000000001", "small:0000000001:l"), req(r, "nope")}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},
		{"10 reached in this pass", []part{prov("a", pool("main", "small"), maxConcurrency(2)), req(r, "small small"), req("200-0000000002", "small")}, []string{"accept 200-0000000001 a/main small small"}},
		{"10 reached by a fill in this pass", []part{prov("a", pool("main", "small"), maxConcurrency(1)), req("100-0000000001", "small", pending), handler("100-0000000001", "", hPaused), publishedPaused("own/a/main"), req(r, "small")}, []string{"fill 100-0000000001 small", "set-paused a/main false"}},
		{"10 reached by a request being accepted", []part{prov("a", pool("main", "small"), maxConcurrency(1)), req("100-0000000001", "small", reqBusy), accepting("100-0000000001", "small::l"), req(r, "small")}, nil},

		{"14 nodes in the order of node_types", []part{std(), req(r, "small large small")}, []string{"accept 200-0000000001 a/main small large small"}},
		{"no request", []part{std()}, nil},
		{"no provider", []part{req(r, "small")}, nil},
	})
}

func TestChooseOrder(t *testing.T) {
	run(t, []testCase{
		{"precedence, then sequence", []part{std(), req("200-0000000001", "small"), req("100-0000000003", "small"), req("300-0000000000", "small"), req("100-0000000002", "small")},
			[]string{"accept 100-0000000002 a/main small", "accept 100-0000000003 a/main small", "accept 200-0000000001 a/main small", "accept 300-0000000000 a/main small"}},
		{"relative priority is a number", []part{std(), req("200-0000000001", "small", relative(10)), req("200-0000000002", "small", relative(9)), req("200-0000000003", "small", relative(-1))},
			[]string{"accept 200-0000000003 a/main small", "accept 200-0000000002 a/main small", "accept 200-0000000001 a/main small"}},
		{"the sequence is not the prefix's own", []part{std(), req("199-0000000009", "small"), req("200-0000000001", "small")},
			[]string{"accept 199-0000000009 a/main small", "accept 200-0000000001 a/main small"}},
		{"what we lack comes last", []part{std(), req("000-0000000001", "x y"), req("000-0000000002", "x x x"), req("900-0000000003", "small")},
			[]string{"accept 900-0000000003 a/main small", `decline 000-0000000002 a/main (label "x" is not offered)`, `decline 000-0000000001 a/main (label "x" is not offered; label "y" is not offered)`}},
		{"ids without a dash", []part{std(), req("b", "small"), req("a", "small")},
			[]string{"accept a a/main small", "accept b a/main small"}},
	})
}

func TestChooseSeveralPools(t *testing.T) {
	two := func(a, b []any) part {
		return func(v *View) {
			prov("a", pool("main", append([]any{"small"}, a...)...))(v)
			prov("b", pool("main", append([]any{"small"}, b...)...))(v)
		}
	}
	const r = "200-0000000001"
	run(t, []testCase{
		{"one of them", []part{two(nil, nil), req(r, "small")}, []string{"accept 200-0000000001 a/main small"}},
		{"the one that is asked for", []part{two(nil, nil), req(r, "small", prefers("b"))}, []string{"accept 200-0000000001 b/main small"}},
		{"the one with the better priority", []part{two([]any{priority(2)}, []any{priority(1)}), req(r, "small")}, []string{"accept 200-0000000001 b/main small"}},
		{"full, so the next takes the rest", []part{two([]any{maxServers(1)}, nil), req(r, "small"), req("200-0000000002", "small"), req("200-0000000003", "small")},
			[]string{"accept 200-0000000001 a/main small", "accept 200-0000000002 a/main PAUSE", "accept 200-0000000003 b/main small", "set-paused a/main true"}},
		{"one decline in a pass, not two", []part{two(nil, nil), req(r, "nope")}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},
		{"then the other", []part{two(nil, nil), req(r, "nope", declinedBy("own/a/main"))}, []string{`decline 200-0000000001 b/main (label "nope" is not offered)`}},
		{"one declines, the other has it: not in the same pass", []part{two([]any{maxServers(0)}, nil), req(r, "small")}, []string{"decline 200-0000000001 a/main (pool is disabled by max-servers)"}},
		{"a provider named twice counts once", []part{std(), prov("a", pool("main", "small"), pool("second", "small")), unregistered("own/a/main"), req(r, "small")}, nil},
	})
}
