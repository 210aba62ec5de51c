package desire

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Protocol.md 4.6.2, step 1: READY nodes first.
func TestReuse(t *testing.T) {
	const r = "200-0000000001"
	launched := []string{"accept 200-0000000001 a/main small"}
	reused := []string{"accept 200-0000000001 a/main small<0000000005"}
	ready := func(opts ...func(*Node)) []part {
		return []part{std(), node("0000000005", record.NodeReady, "small", opts...), req(r, "small")}
	}
	run(t, []testCase{
		{"a ready node", ready(), reused},
		{"one of several labels", ready(func(n *Node) { n.Type = []string{"large", "small"} }), reused},
		{"whose lock nobody looked at", ready(unknown), reused},
		{"another label", ready(func(n *Node) { n.Type = []string{"large"} }), launched},
		{"no label", ready(func(n *Node) { n.Type = nil }), launched},
		{"another pool", ready(of("a", "side")), launched},
		{"another provider", ready(of("b", "main")), launched},
		{"allocated", ready(allocated("200-0000000009")), append(launched[:1:1], "deallocate 0000000005")},
		{"locked", ready(contended), launched},
		{"held", ready(held), launched},
		{"busy", ready(nodeBusy), launched},
		{"tried a moment ago", ready(nodeLater), launched},
		{"kept by another launcher of this provider", ready(foreign), reused},
		{"promised to a request being accepted", append(ready(nodeBusy), req("100-0000000001", "small", reqBusy),
			accepting("100-0000000001", "small:0000000005:l")), launched},
		{"in another state", []part{std(), node("0000000005", record.NodeTesting, "small"), req(r, "small")}, launched},
		{"reuse is false", []part{std(), node("0000000005", record.NodeReady, "small"), req(r, "small", noReuse)}, launched},
		{"the oldest", []part{std(), node("0000000004", record.NodeReady, "small", since(ago(time.Minute))), node("0000000005", record.NodeReady, "small", since(ago(time.Hour))), node("0000000006", record.NodeReady, "small", since(ago(time.Second))), req(r, "small")}, reused},
		{"of equals the first by id", []part{std(), node("0000000006", record.NodeReady, "small"), node("0000000005", record.NodeReady, "small"), req(r, "small")}, reused},
		{"some reused, some new", []part{std(), node("0000000005", record.NodeReady, "small"), req(r, "small large small")}, []string{"accept 200-0000000001 a/main small<0000000005 large small"}},
		{"no node for two requests", []part{std(), node("0000000005", record.NodeReady, "small"), req(r, "small"), req("200-0000000002", "small")}, []string{"accept 200-0000000001 a/main small<0000000005", "accept 200-0000000002 a/main small"}},
		{"nor twice for one", []part{std(), node("0000000005", record.NodeReady, "small large"), req(r, "small large")}, []string{"accept 200-0000000001 a/main small<0000000005 large"}},
		{"a label named twice on a node", []part{std(), node("0000000005", record.NodeReady, "small small"), req(r, "small small")}, []string{"accept 200-0000000001 a/main small<0000000005 small"}},
		{"at quota", []part{std(maxServers(1)), node("0000000005", record.NodeReady, "small"), req(r, "small")}, reused},

		{"the first zone binds", []part{std(), node("0000000005", record.NodeReady, "small", zone("z1")), node("0000000006", record.NodeReady, "large", zone("z2")), req(r, "small large")}, []string{"accept 200-0000000001 a/main small<0000000005@z1 large"}},
		{"same zone", []part{std(), node("0000000005", record.NodeReady, "small", zone("z1")), node("0000000006", record.NodeReady, "small", zone("z2"), since(ago(2*time.Hour))), node("0000000007", record.NodeReady, "large", zone("z2")), req(r, "small large small")}, []string{"accept 200-0000000001 a/main small<0000000006@z2 large<0000000007@z2 small"}},
		{"no zone binds nothing", []part{std(), node("0000000005", record.NodeReady, "small"), node("0000000006", record.NodeReady, "large", zone("z2")), req(r, "small large")}, []string{"accept 200-0000000001 a/main small<0000000005 large<0000000006@z2"}},
		{"a handler's zone binds", []part{std(), node("0000000005", record.NodeReady, "small", zone("z1")), node("0000000006", record.NodeReady, "small", zone("z2"), since(ago(time.Second))), req(r, "small", pending), handler(r, "", func(h *Handler) { h.Zone = "z2" })}, []string{"fill 200-0000000001 small<0000000006@z2"}},
	})
}

func TestLacking(t *testing.T) {
	for _, c := range []struct{ types, have, want string }{
		{"", "", ""},
		{"a b", "", "a b"},
		{"a b a", "a", "b a"},
		{"a b a", "b", "a a"},
		{"a b a", "a a", "b"},
		{"a b a", "b a a", ""},
		{"a", "a a", ""},
		{"a b", "a a", "b"},
		{"a", "z", "a"},
	} {
		var have []HandlerNode
		for _, l := range strings.Fields(c.have) {
			have = append(have, HandlerNode{Label: l})
		}
		if got := strings.Join(lacking(strings.Fields(c.types), have), " "); got != c.want {
			t.Errorf("%q with %q: %q, want %q", c.types, c.have, got, c.want)
		}
	}
}

// The traps of protocol.md 9.4: nodes in the order of node_types, not of completion.
func TestAligned(t *testing.T) {
	for _, c := range []struct{ types, nodes, want string }{
		{"", "", ""},
		{"a b", "b:1 a:2", "2 1"},
		{"a b a", "a:1 a:2 b:3", "1 3 2"},
		{"a b a", "b:3 a:2 a:1", "2 3 1"},
		{"a a a", "a:3 a:1 a:2", "3 1 2"},
		{"a", "a:1 a:2", "1"},
		{"a b", "a:1 a:2", "1"}, // cannot be: no fulfilment while a label is lacking
	} {
		var nodes []HandlerNode
		for _, n := range strings.Fields(c.nodes) {
			label, id, _ := strings.Cut(n, ":")
			nodes = append(nodes, HandlerNode{Label: label, ID: id})
		}
		if diff := cmp.Diff(strings.Fields(c.want), aligned(strings.Fields(c.types), nodes)); diff != "" {
			t.Errorf("%q of %q (-want +got):\n%s", c.types, c.nodes, diff)
		}
	}
}

// Make-room (protocol.md 4.7): a pool for one server, which a READY node of another label has.
func TestMakeRoom(t *testing.T) {
	const r = "200-0000000001"
	paused := []string{"accept 200-0000000001 a/main PAUSE", "set-paused a/main true"}
	deleted := append([]string{"delete 0000000005 (pool is at quota and a request waits)"}, paused...)
	full := func(opts ...func(*Node)) []part {
		return []part{std(maxServers(1)), node("0000000005", record.NodeReady, "large", opts...), req(r, "small")}
	}
	with := func(parts ...part) []part { return append(full(), parts...) }
	run(t, []testCase{
		{"an unused node", full(), deleted},
		{"an allocated node", full(allocated(r)), paused},
		{"a locked node", full(contended), paused},
		{"a held node", full(held), paused},
		{"a node that was tried a moment ago", full(nodeLater), paused},
		{"a node that only another launcher can destroy", full(foreign), paused},
		{"of another pool", with(node("0000000004", record.NodeReady, "large", of("a", "side"))), deleted},
		{"the oldest", with(node("0000000004", record.NodeReady, "large", since(ago(time.Second))), node("0000000006", record.NodeReady, "large", since(ago(time.Minute)))), deleted},
		{"one is being deleted", with(node("0000000006", record.NodeDeleting, "large", since(ago(299*time.Second)), contended)), paused},
		{"one is being deleted in the pool next door", with(node("0000000006", record.NodeDeleting, "large", of("a", "side"), since(ago(time.Second)), contended)), deleted},
		{"one is being deleted for too long", with(node("0000000006", record.NodeDeleting, "large", since(ago(300*time.Second)), contended)), deleted},
		{"one is being deleted, its clock ahead of ours", with(node("0000000006", record.NodeDeleting, "large", since(ago(-time.Hour)), contended)), paused},
		{"one is about to be deleted", with(node("0000000006", record.NodeReady, "large", nodeBusy)), paused},
		{"not for an impossible request", []part{std(maxServers(1)), node("0000000005", record.NodeReady, "large"), req(r, "nope")}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},
		{"one for two paused handlers", []part{
			std(maxServers(2)), publishedPaused("own/a/main"), node("0000000005", record.NodeReady, "large"), node("0000000006", record.NodeReady, "large"),
			req(r, "small", pending), handler(r, "", hPaused), req("200-0000000002", "small", pending), handler("200-0000000002", "", hPaused),
		}, []string{"delete 0000000005 (pool is at quota and a request waits)"}},
		{"the doomed node is nobody's", []part{
			std(maxServers(1)), publishedPaused("own/a/main"), dueAges, globalLabel("large", 0, time.Minute), node("0000000005", record.NodeReady, "large"),
			req(r, "small", pending), handler(r, "", hPaused), req("200-0000000002", "large", pending), handler("200-0000000002", "", hPaused),
		}, []string{"delete 0000000005 (pool is at quota and a request waits)"}},
		{"not by a pool next door", []part{
			prov("a", pool("main", "small", maxServers(1)), pool("side", "large")), node("0000000004", record.NodeReady, "large", of("a", "side")),
			node("0000000005", record.NodeInUse, "small", contended), req(r, "small"),
		}, paused},
		{"not while stopping", []part{std(maxServers(1)), node("0000000005", record.NodeReady, "large"), req(r, "small", pending), handler(r, ""), draining}, []string{"fill 200-0000000001 PAUSE"}},
	})
}
