package desire

import (
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Protocol.md 4.6.4.
func TestHandle(t *testing.T) {
	const r = "200-0000000001"
	in := func(labels, nodes string, parts ...part) []part {
		return append([]part{std(), req(r, labels, pending), handler(r, nodes)}, parts...)
	}
	state := func(s record.RequestState) part { return func(v *View) { v.Requests[r].State = s } }
	gone := func(v *View) { delete(v.Requests, r) }
	mod := func(f func(*Handler)) part { return func(v *View) { f(v.Handlers[r]) } }
	only := func(s string) []string { return []string{s} }
	run(t, []testCase{
		{"launching", in("small", "small:01:l"), nil},
		{"all ready", in("small large", "small:01:r large:02:r"), only("fulfil 200-0000000001 01 02")},
		{"aligned with node_types", in("large small", "small:01:r large:02:r"), only("fulfil 200-0000000001 02 01")},
		{"duplicate labels", in("small large small", "large:03:r small:02:r small:01:r"), only("fulfil 200-0000000001 02 03 01")},
		{"one ready", in("small large", "small:01:r large:02:l"), nil},
		{"one more than wanted", in("small", "small:01:r small:02:r"), only("fulfil 200-0000000001 01")},
		{"of another label than wanted", in("small", "large:01:r"), only("fill 200-0000000001 small")},
		{"as many as wanted, but not those", in("small large", "small:01:r small:02:r"), only("fill 200-0000000001 large")},
		{"no node at all", in("", ""), only("fulfil 200-0000000001")},
		{"nothing filled yet", in("small large", ""), only("fill 200-0000000001 small large")},
		{"one lacks", in("small large", "small:01:r"), only("fill 200-0000000001 large")},
		{"one lacks while another launches", in("small large", "small:01:l"), only("fill 200-0000000001 large")},
		{"record still being created", in("small", "small::l"), nil},
		{"busy", in("small", "small:01:r", mod(hBusy)), nil},
		{"a thousand", []part{std(), req(r, strings.Repeat("small ", 1000), pending), handler(r, strings.Repeat("small:01:l ", 1000))}, nil},

		{"failed", in("small", "small:01:f"), only("give-up 200-0000000001 (node 01 failed: boom)")},
		{"failed, sibling ready", in("small large", "small:01:f large:02:r"), only("give-up 200-0000000001 (node 01 failed: boom)")},
		{"failed, sibling launching", in("small large", "small:01:f large:02:l"), nil},
		{"failed, another lacks", in("small large", "small:01:f"), only("give-up 200-0000000001 (node 01 failed: boom)")},
		{"many failed", in(strings.Repeat("small ", 20), strings.Repeat("small:01:f ", 20)), only("give-up 200-0000000001 (" + strings.Repeat("node 01 failed: boom; ", 10) + "and 10 more)")},
		{"error", in("small", "small:01:r", mod(hError)), only("give-up 200-0000000001 (went wrong)")},
		{"error while launching", in("small", "small:01:l", mod(hError)), nil},

		{"aborted", in("small", "small:01:a"), []string{"drop-aborted 200-0000000001 01", "set-paused a/main true"}},
		{"aborted, sibling ready", in("small large", "small:01:a large:02:r"), []string{"drop-aborted 200-0000000001 01", "set-paused a/main true"}},
		{"aborted, sibling launching", in("small large", "small:01:a large:02:l"), nil},
		{"aborted and failed", in("small large", "small:01:a large:02:f"), only("give-up 200-0000000001 (node 02 failed: boom)")},
		{"min-ready aborted never pauses", []part{std(), req(r, "small", pending, minReady), handler(r, "small:01:a")}, only("give-up 200-0000000001 (quota is used up, and min-ready nodes do not wait for it)")},

		{"gone", in("small", "small:01:r", gone), only("abandon 200-0000000001")},
		{"gone while launching", in("small large", "small:01:r large:02:l", gone), nil},
		{"gone before anything was begun", in("small", "", gone), only("abandon 200-0000000001")},
		{"gone after a failure", in("small", "small:01:f", gone), only("abandon 200-0000000001")},
		{"gone while aborted", in("small", "small:01:a", gone), only("abandon 200-0000000001")},
		{"gone while being finished", in("small", "small:01:r", gone, mod(hBusy)), nil},
		{"gone while paused", in("small large", "small:01:r", gone, mod(hPaused)), only("abandon 200-0000000001")},
		{"gone while paused and launching", in("small large", "small:01:l", gone, mod(hPaused)), only("set-paused a/main true")},
		{"reset by another launcher", in("small", "small:01:r", state(record.RequestRequested)), only("abandon 200-0000000001")},
		{"failed by somebody", in("small", "small:01:r", state(record.RequestFailed)), only("abandon 200-0000000001")},
		{"fulfilled by somebody", in("small", "small:01:r", state(record.RequestFulfilled)), only("abandon 200-0000000001")},
		{"node_types were overwritten", in("", "small:01:r"), only("fulfil 200-0000000001")},

		{"pool not configured, node there", in("small", "small:01:r", mod(inPool("a", "gone"))), only("fulfil 200-0000000001 01")},
		{"provider not configured, node there", in("small", "small:01:r", mod(inPool("gone", "main"))), only("fulfil 200-0000000001 01")},
		{"pool not configured, node missing", in("small large", "small:01:r", mod(inPool("a", "gone"))), only("give-up 200-0000000001 (its pool is not configured any more)")},
		{"pool not configured, another launching", in("small large", "small:01:l", mod(inPool("a", "gone"))), nil},
		{"pool not configured, paused", in("small", "", mod(inPool("a", "gone")), mod(hPaused)), only("give-up 200-0000000001 (its pool is not configured any more)")},
		{"pool not configured, node failed", in("small", "small:01:f", mod(inPool("a", "gone"))), only("give-up 200-0000000001 (node 01 failed: boom)")},
		{"pool not configured, node aborted", in("small", "small:01:a", mod(inPool("a", "gone"))), only("drop-aborted 200-0000000001 01")},
		{"pool not configured, still launching", in("small", "small:01:l", mod(inPool("a", "gone"))), nil},
		{"pool not registered", in("small large", "small:01:r", unregistered("own/a/main")), only("fill 200-0000000001 large")},
		{"label not configured, node there", in("old", "old:01:r"), only("fulfil 200-0000000001 01")},
		{"label not configured, node launching", in("old", "old:01:l"), nil},
		{"label not configured, node lost", in("old", ""), only(`give-up 200-0000000001 (label "old" is not offered)`)},
		{"label not configured, another launching", in("old small", "small:01:l"), nil},
		{"pool disabled, nodes there", []part{std(maxServers(0)), req(r, "small", pending), handler(r, "small:01:r")}, only("fulfil 200-0000000001 01")},
		{"pool disabled, node lost", []part{std(maxServers(0)), req(r, "small", pending), handler(r, "")}, only("give-up 200-0000000001 (pool is disabled by max-servers)")},

		{"min-ready at quota, a node lost", []part{std(maxServers(1)), node("0000000001", record.NodeInUse, "small", contended), req(r, "small", pending, minReady), handler(r, "")}, only("give-up 200-0000000001 (quota is used up, and min-ready nodes do not wait for it)")},
		{"min-ready at quota, sibling launching", []part{std(maxServers(2)), node("0000000001", record.NodeInUse, "small", contended), node("0000000002", record.NodeBuilding, "small", held), req(r, "small small", pending, minReady), handler(r, "small:0000000002:l")}, nil},
	})
}

func TestPause(t *testing.T) {
	const r = "200-0000000001"
	const low = "300-0000000001"
	published := publishedPaused("own/a/main")
	in := func(labels, nodes string, parts ...part) []part {
		return append([]part{std(maxServers(3)), published, req(r, labels, pending), handler(r, nodes, hPaused)}, parts...)
	}
	used := func(n int) part {
		return many(n, func(id string, _ int) part { return node(id, record.NodeInUse, "small", contended) })
	}
	heldNode := held
	held := func(id string) part { return node(id, record.NodeReady, "small", allocated(r), heldNode) }
	twoWaiting := []part{req(r, "small", pending), handler(r, "", hPaused), req(low, "small", pending), handler(low, "", hPaused)}
	run(t, []testCase{
		{"quota is free again", in("small", ""), []string{"fill 200-0000000001 small", "set-paused a/main false"}},
		{"quota is not", in("small", "", used(3)), nil},
		{"quota is free for one", in("small small", "", used(2)), []string{"fill 200-0000000001 small PAUSE"}},
		{"others launch meanwhile", in("small small", "small:09:l", used(2)), []string{"fill 200-0000000001 small", "set-paused a/main false"}},
		{"what it has is kept", in("small small", "small:0000000009:r", used(2), held("0000000009")), nil},
		{"a READY node turned up", in("small", "", used(2), node("0000000009", record.NodeReady, "small")), []string{"fill 200-0000000001 small<0000000009", "set-paused a/main false"}},
		{"nothing lacks any more", in("small", "small:0000000009:r", held("0000000009")), []string{"fill 200-0000000001", "set-paused a/main false"}},
		{"impossible now: label", in("small old", ""), []string{`give-up 200-0000000001 (label "old" is not offered)`, "set-paused a/main false"}},
		{"impossible now: limit", in("small small small small", ""), []string{"give-up 200-0000000001 (it needs more instances than the pool may ever have: 4 of 3)", "set-paused a/main false"}},
		{"impossible now, still launching", in("small old", "small:09:l"), nil},
		{"a node failed", in("small small", "small:09:f", used(3)), []string{"give-up 200-0000000001 (node 09 failed: boom)", "set-paused a/main false"}},
		{"a node was aborted", in("small small", "small:09:a", used(3)), []string{"drop-aborted 200-0000000001 09"}},
		{"a node was aborted, another launches", in("small small small", "small:09:a small:10:l", used(3)), nil},
		{"the cloud is at quota", in("small", "", cloudQuota("a/main/large", 29*time.Second)), nil},
		{"the cloud is at quota, a READY node turned up", in("small", "", node("0000000009", record.NodeReady, "small"), cloudQuota("a/main/large", 29*time.Second)), []string{"fill 200-0000000001 small<0000000009", "set-paused a/main false"}},
		{"the cloud is at quota, room is made", in("small", "", node("0000000009", record.NodeReady, "large"), cloudQuota("a/main/large", 29*time.Second)), []string{"delete 0000000009 (pool is at quota and a request waits)"}},
		{"the cloud was at quota", in("small", "", cloudQuota("a/main/large", 30*time.Second)), []string{"fill 200-0000000001 small", "set-paused a/main false"}},
		{"gone while the cloud is at quota", in("small", "", cloudQuota("a/main/large", 29*time.Second), func(v *View) { delete(v.Requests, r) }), []string{"abandon 200-0000000001", "set-paused a/main false"}},
		{"busy", in("small", "", func(v *View) { v.Handlers[r].Busy = true }), nil},

		{"the more urgent first", append([]part{std(maxServers(3)), published, used(2)}, twoWaiting...), []string{"fill 200-0000000001 small"}},
		{"both", append([]part{std(maxServers(3)), published, used(1)}, twoWaiting...), []string{"fill 200-0000000001 small", "fill 300-0000000001 small", "set-paused a/main false"}},
		{"urgent by relative priority", append(append([]part{std(maxServers(3)), published, used(2)}, twoWaiting...), func(v *View) {
			v.Requests["300-0000000002"], v.Handlers["300-0000000002"] = v.Requests[r], v.Handlers[r]
			v.Requests["300-0000000002"].ID, v.Handlers["300-0000000002"].Request = "300-0000000002", "300-0000000002"
			v.Requests["300-0000000002"].RelativePriority = -1
			delete(v.Requests, r)
			delete(v.Handlers, r)
		}), []string{"fill 300-0000000002 small"}},
		{"a vanished one does not upset the order", append(append([]part{std(maxServers(3)), published, used(2)}, twoWaiting...), handler("250-0000000001", "", hPaused)), []string{"abandon 250-0000000001", "fill 200-0000000001 small"}},

		{"two hold what the other lacks: the less urgent lets go", []part{
			std(maxServers(2)), published, node("0000000001", record.NodeReady, "small", allocated(r), heldNode), node("0000000002", record.NodeReady, "small", allocated(low), heldNode),
			req(r, "small small", pending), handler(r, "small:0000000001:r", hPaused), req(low, "small small", pending), handler(low, "small:0000000002:r", hPaused),
		}, []string{"yield 300-0000000001"}},
		{"the less urgent is filled if it can", []part{
			std(limit("cores", 8)), published, node("0000000001", record.NodeInUse, "small", contended), node("0000000002", record.NodeReady, "small", allocated(low), heldNode),
			req(r, "large", pending), handler(r, "", hPaused), req(low, "small small", pending), handler(low, "small:0000000002:r", hPaused),
		}, []string{"fill 300-0000000001 small"}},
		{"the less urgent still launches", []part{
			std(maxServers(2)), published, node("0000000001", record.NodeReady, "small", allocated(r), heldNode), node("0000000002", record.NodeBuilding, "small", allocated(low), heldNode),
			req(r, "small small", pending), handler(r, "small:0000000001:r", hPaused), req(low, "small small", pending), handler(low, "small:0000000002:l", hPaused),
		}, nil},
		{"what a yielding one was to reuse is left", []part{
			std(maxServers(4)), published, used(2), node("0000000003", record.NodeReady, "small", allocated(low), heldNode), node("0000000004", record.NodeReady, "small"),
			req(r, "large", pending), handler(r, "", hPaused, hBusy), req(low, "small small large", pending), handler(low, "small:0000000003:r", hPaused),
			req("400-0000000001", "small", pending), handler("400-0000000001", "", hPaused),
		}, []string{"yield 300-0000000001", "fill 400-0000000001 small<0000000004"}},

		{"published late", []part{std(), publishedPaused("own/a/main")}, []string{"set-paused a/main false"}},
		{"published", append([]part{std(maxServers(3)), used(3)}, twoWaiting...), []string{"set-paused a/main true"}},
		{"nothing to publish for a pool nobody sees", append([]part{std(maxServers(3)), unregistered("own/a/main"), used(3)}, twoWaiting...), nil},
		{"by a request being accepted", []part{std(maxServers(1)), used(1), req(r, "small", reqBusy), accepting(r, "", hPaused), req(low, "small")}, []string{"set-paused a/main true"}},
	})
}

func TestDrain(t *testing.T) {
	const r = "200-0000000001"
	in := func(nodes string, opts ...func(*Handler)) []part {
		return []part{std(), unregistered("own/a/main"), draining, req(r, "small large", pending), handler(r, nodes, opts...)}
	}
	run(t, []testCase{
		{"nothing new", []part{std(), draining, req(r, "small"), req("200-0000000002", "nope")}, nil},
		{"nothing is deleted, published or kept ready", []part{std(), draining, publishedPaused("own/a/main"), dueAges, dueLost, globalLabel("small", 1, 0), node("0000000001", record.NodeUsed, "small"), req(r, "small", pending)}, nil},
		{"finished", in("small:01:r large:02:r"), []string{"fulfil 200-0000000001 01 02"}},
		{"still launching", in("small:01:l large:02:r"), nil},
		{"failed", in("small:01:f large:02:r"), []string{"give-up 200-0000000001 (node 01 failed: boom)"}},
		{"aborted", in("small:01:a large:02:r"), []string{"drop-aborted 200-0000000001 01"}},
		{"paused", in("large:02:r", hPaused), []string{"yield 200-0000000001"}},
		{"paused, held back by the cloud's quota", append(in("large:02:r", hPaused), cloudQuota("a/main/small", 29*time.Second)), []string{"yield 200-0000000001"}},
		{"paused, still launching", in("large:02:l", hPaused), nil},
		{"paused and aborted", in("small:01:a", hPaused), []string{"drop-aborted 200-0000000001 01"}},
		{"paused and failed", in("small:01:f", hPaused), []string{"give-up 200-0000000001 (node 01 failed: boom)"}},
		{"what was accepted is finished", in("small:01:r"), []string{"fill 200-0000000001 large"}},
		{"busy", in("small:01:r large:02:r", hBusy), nil},
		{"gone", append(in("small:01:r"), func(v *View) { delete(v.Requests, r) }), []string{"abandon 200-0000000001"}},
	})
}
