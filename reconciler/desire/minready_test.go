package desire

import (
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Protocol.md 4.10.
func TestMinReady(t *testing.T) {
	const r = "900-0000000001"
	want := func(n int) part { return globalLabel("small", n, 0) }
	ready := func(id string, opts ...func(*Node)) part { return node(id, record.NodeReady, "small", opts...) }
	outstanding := func(v *View) { v.MinReady[r] = "small" }
	asked := func(s string) []string { return []string{"ask-min-ready small " + s} }
	ended := []string{"end-min-ready 900-0000000001"}
	run(t, []testCase{
		{"none", []part{std(), want(2)}, asked("2")},
		{"enough", []part{std(), want(2), ready("01"), ready("02")}, nil},
		{"more than enough", []part{std(), want(1), ready("01"), ready("02")}, nil},
		{"one lacks", []part{std(), want(2), ready("01")}, asked("1")},
		{"zero", []part{std(), want(0)}, nil},
		{"negative", []part{std(), want(-1)}, nil},
		{"nodes of any provider", []part{std(), want(1), ready("01", of("gone", "gone"))}, nil},
		{"locked nodes", []part{std(), want(1), ready("01", contended)}, nil},
		{"nodes with several labels", []part{std(), want(1), ready("01", func(n *Node) { n.Type = []string{"large", "small"} })}, nil},
		{"a label named twice on one node", []part{std(), want(2), ready("01", func(n *Node) { n.Type = []string{"small", "small"} })}, asked("1")},
		{"nodes of another label", []part{std(), want(1), node("01", record.NodeReady, "large")}, asked("1")},
		{"allocated nodes", []part{std(), want(1), ready("01", allocated("q")), req("q", "small", inState(record.RequestFulfilled))}, asked("1")},
		{"nodes a consumer's vanished request had", []part{std(), want(1), ready("01", allocated("200-0000000001"), contended)}, asked("1")},
		{"nodes just brought by a min-ready request", []part{std(), want(1), ready("01", allocated(r))}, []string{"deallocate 01"}},
		{"nodes in other states", []part{std(), want(1), node("01", record.NodeBuilding, "small", contended), node("02", record.NodeHold, "small")}, asked("1")},
		{"a node just taken", []part{std(), want(1), ready("01"), req("200-0000000001", "small")}, []string{"accept 200-0000000001 a/main small<01", "ask-min-ready small 1"}},
		{"labels in file order", []part{std(), globalLabel("small", 1, 0), globalLabel("large", 1, 0)}, []string{"ask-min-ready small 1", "ask-min-ready large 1"}},

		{"label not in our pools", []part{std(), globalLabel("other", 1, 0)}, nil},
		{"own component not visible", []part{std(), unregistered("own/a/main"), want(1)}, nil},
		{"pool disabled", []part{std(maxServers(0)), want(1)}, nil},
		{"image not there", []part{prov("a", pool("main", "small:noble")), want(1)}, nil},
		{"image there", []part{prov("a", pool("main", "small:noble")), image("a", "noble"), want(1)}, asked("1")},
		{"image there in one of two pools", []part{prov("a", pool("main", "small:noble")), prov("b", pool("main", "small:noble")), image("b", "noble"), want(1)}, asked("1")},
		{"too early after a failure", []part{std(), want(1), func(v *View) { v.MinReadyAfter["small"] = now.Add(time.Second) }}, nil},
		{"late enough", []part{std(), want(1), func(v *View) { v.MinReadyAfter["small"] = now }}, asked("1")},

		{"asked already", []part{std(), want(1), peer("p", "b", 100, "small"), outstanding, req(r, "small", minReady, declinedBy("own/a/main"))}, nil},
		{"asked already, pending", []part{std(), want(1), outstanding, req(r, "small", minReady, pending), handler(r, "small:01:l")}, nil},
		{"asked already, for another label", []part{std(), want(1), func(v *View) { v.MinReady[r] = "large" }, req(r, "large", minReady, pending), handler(r, "large:01:l")}, asked("1")},
		{"asked, and the request is gone", []part{std(), want(1), outstanding}, asked("1")},
		{"asked a moment ago, not seen yet", []part{std(), want(1), outstanding, func(v *View) { v.MinReadyAfter["small"] = now.Add(time.Second) }}, nil},
		{"min-ready of somebody else", []part{std(), want(1), peer("p", "b", 100, "small"), req(r, "small", minReady, declinedBy("own/a/main"))}, asked("1")},
		{"fulfilled", []part{std(), want(1), outstanding, req(r, "small", minReady, inState(record.RequestFulfilled)), ready("01", allocated(r))}, ended},
		{"failed", []part{std(), want(1), outstanding, req(r, "small", minReady, inState(record.RequestFailed))}, ended},
		{"fulfilled, being ended", []part{std(), want(1), outstanding, req(r, "small", minReady, inState(record.RequestFulfilled), reqBusy)}, nil},
		{"fulfilled, its handler is not done yet", []part{std(), want(1), outstanding, req(r, "small", minReady, inState(record.RequestFulfilled)), handler(r, "small:01:r", hBusy)}, nil},
		{"fulfilled, could not be ended", []part{std(), want(1), outstanding, req(r, "small", minReady, inState(record.RequestFulfilled), reqLater)}, nil},
		{"fulfilled for a label that is not configured any more", []part{std(), outstanding, req(r, "small", minReady, inState(record.RequestFulfilled))}, ended},
		{"fulfilled, of somebody else", []part{std(), req(r, "small", minReady, inState(record.RequestFulfilled))}, nil},

		{"served", []part{std(), outstanding, req(r, "small", minReady)}, []string{"accept 900-0000000001 a/main small"}},
		{"never served by a ready node", []part{std(), outstanding, ready("01"), req(r, "small", minReady)}, []string{"accept 900-0000000001 a/main small"}},
		{"declined at quota, no pause, no room made", []part{std(maxServers(1)), outstanding, ready("01"), req(r, "small", minReady)},
			[]string{"decline 900-0000000001 a/main (quota is used up, and min-ready nodes do not wait for it)"}},
		{"what was taken for it goes to the next", []part{std(maxServers(2)), node("01", record.NodeInUse, "small", contended), req(r, "small small", minReady), req("900-0000000002", "small", minReady)},
			[]string{"decline 900-0000000001 a/main (quota is used up, and min-ready nodes do not wait for it)", "accept 900-0000000002 a/main small"}},
		{"waits while the pool is paused", []part{std(maxServers(1)), publishedPaused("own/a/main"), node("01", record.NodeInUse, "small", contended), req("200-0000000001", "small", pending), handler("200-0000000001", "", hPaused), outstanding, req(r, "small", minReady)}, nil},
		{"a requestor that only looks like it", []part{std(maxServers(1)), node("01", record.NodeInUse, "small", contended), req(r, "small", func(r *Request) { r.Requestor = "NodePool:min-ready2" })},
			[]string{"accept 900-0000000001 a/main PAUSE", "set-paused a/main true"}},
		{"reused nodes are not lost by a refusal", []part{std(maxServers(2)), ready("01"), node("02", record.NodeInUse, "small", contended), req(r, "small small", minReady, func(r *Request) { r.Reuse = true }), req("900-0000000002", "small")},
			[]string{"decline 900-0000000001 a/main (quota is used up, and min-ready nodes do not wait for it)", "accept 900-0000000002 a/main small<01"}},
	})
}
