package desire

import (
	"fmt"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Protocol.md 4.8.
func TestReap(t *testing.T) {
	const r = "200-0000000001"
	const n = "0000000001"
	reap := func(s record.NodeState, opts ...func(*Node)) []part {
		return []part{std(), node(n, s, "small", opts...)}
	}
	reaped := func(s record.NodeState) []string { return []string{fmt.Sprintf("delete 0000000001 (state %s)", s)} }
	cases := []testCase{
		// Rule 1.
		{"ready, request gone", reap(record.NodeReady, allocated(r)), []string{"deallocate 0000000001"}},
		{"ready, request requested", append(reap(record.NodeReady, allocated(r)), req(r, "other", reqBusy)), nil},
		{"ready, request fulfilled, for days", append(reap(record.NodeReady, allocated(r), since(ago(100*time.Hour))), dueAges, globalLabel("small", 0, time.Hour), req(r, "small", inState(record.RequestFulfilled))), nil},
		{"ready, request failed", append(reap(record.NodeReady, allocated(r)), req(r, "small", inState(record.RequestFailed))), nil},
		{"ready, request gone, locked by an executor", reap(record.NodeReady, allocated(r), contended), nil},
		{"ready, request gone, lock not looked at", reap(record.NodeReady, allocated(r), unknown), nil},
		{"ready, request gone, provider not configured", reap(record.NodeReady, allocated(r), of("gone", "main")), nil},
		{"ready, request gone, pool not configured", reap(record.NodeReady, allocated(r), of("a", "gone")), []string{"deallocate 0000000001"}},
		{"ready, request gone, foreign", reap(record.NodeReady, allocated(r), foreign), nil},
		{"ready, request gone, handler not yet", append(reap(record.NodeReady, allocated(r), held), handler(r, "small:0000000001:l")), nil},

		// Rule 2 and its limits.
		{"locked", reap(record.NodeInUse, contended), nil},
		{"used and locked", reap(record.NodeUsed, contended), nil},
		{"lock not looked at", reap(record.NodeInUse, unknown), nil},
		{"held", reap(record.NodeBuilding, held), nil},
		{"busy", reap(record.NodeUsed, nodeBusy), nil},
		{"held back", reap(record.NodeDeleting, nodeLater), nil},
		{"foreign", reap(record.NodeUsed, foreign), nil},
		{"provider not configured", reap(record.NodeUsed, of("gone", "main")), nil},
		{"pool not configured", reap(record.NodeUsed, of("a", "gone")), reaped(record.NodeUsed)},
		{"label not configured", []part{std(), node(n, record.NodeUsed, "gone")}, reaped(record.NodeUsed)},
		{"no label", []part{std(), node(n, record.NodeUsed, "")}, reaped(record.NodeUsed)},
		{"pool not registered", append(reap(record.NodeUsed), unregistered("own/a/main")), reaped(record.NodeUsed)},
		{"request still there", append(reap(record.NodeUsed, allocated(r)), req(r, "small", inState(record.RequestFulfilled))), reaped(record.NodeUsed)},
		{"building, request fulfilled", append(reap(record.NodeBuilding, allocated(r)), req(r, "small", inState(record.RequestFulfilled))), reaped(record.NodeBuilding)},
		{"building, request put back", append(reap(record.NodeBuilding, allocated(r)), req(r, "small", reqBusy)), reaped(record.NodeBuilding)},
		{"building, request to be resumed later", append(reap(record.NodeBuilding, allocated(r)), req(r, "small", pending, reqLater)), nil},
		{"failed, request to be resumed later", append(reap(record.NodeFailed, allocated(r)), req(r, "small", pending, reqLater)), nil},
		{"building, forgotten by the handler of its request", append(reap(record.NodeBuilding, allocated(r)), req(r, "small", pending), handler(r, "small:0000000002:l")), reaped(record.NodeBuilding)},
		{"aborted, request still in hand", append(reap(record.NodeAborted, allocated(r)), req(r, "small", pending), handler(r, "small:0000000002:l")), reaped(record.NodeAborted)},
		{"building, request pending elsewhere", append(reap(record.NodeBuilding, allocated(r), of("a", "gone")), req(r, "small", pending)), reaped(record.NodeBuilding)},
		{"by id", []part{std(), node("0000000003", record.NodeUsed, "small"), node("0000000001", record.NodeUsed, "small"), node("0000000002", record.NodeUsed, "small")},
			[]string{"delete 0000000001 (state used)", "delete 0000000002 (state used)", "delete 0000000003 (state used)"}},

		// Created, never locked.
		{"init, request gone, old", reap(record.NodeInit, allocated(r), since(ago(31*time.Second))), []string{"delete 0000000001 (created but never launched)"}},
		{"init, no request, old", reap(record.NodeInit, since(ago(301*time.Second))), []string{"delete 0000000001 (created but never launched)"}},
		{"init, request gone, young", reap(record.NodeInit, allocated(r), since(ago(29*time.Second))), nil},
		{"init, request there, old", append(reap(record.NodeInit, allocated(r)), req(r, "small", inState(record.RequestFulfilled))), nil},
		{"init, locked", reap(record.NodeInit, allocated(r), contended), nil},
		{"init, lock not looked at", reap(record.NodeInit, allocated(r), unknown), nil},
		{"init, its clock ahead of ours", reap(record.NodeInit, allocated(r), since(ago(-time.Hour))), nil},

		// What is left of a deletion (3.4).
		{"husk", []part{std(), node(n, record.NodeDeleted, "", of("", ""))}, []string{"husk 0000000001"}},
		{"husk held back", []part{std(), node(n, record.NodeDeleted, "", of("", ""), nodeLater)}, nil},
		{"deleted, with a provider", reap(record.NodeDeleted), reaped(record.NodeDeleted)},
		{"deleted, another's, old", reap(record.NodeDeleted, of("gone", "main"), since(ago(61*time.Second))), []string{"husk 0000000001"}},
		{"deleted, another's, young", reap(record.NodeDeleted, of("gone", "main"), since(ago(59*time.Second))), nil},
		{"deleted, another's, locked", reap(record.NodeDeleted, of("gone", "main"), since(0), contended), nil},
		{"deleted, another's, lock not looked at", reap(record.NodeDeleted, of("gone", "main"), since(0), unknown), nil},
		{"null provider, but not deleted", []part{std(), node(n, record.NodeReady, "small", of("", ""), allocated(r)), node("0000000002", record.NodeUsed, "small", of("", "")), node("0000000003", record.NodeInit, "small", of("", ""))}, nil},
	}
	for _, s := range []record.NodeState{record.NodeUsed, record.NodeInUse, record.NodeBuilding, record.NodeFailed, record.NodeDeleting, record.NodeAborted} {
		cases = append(cases, testCase{string(s), reap(s), reaped(s)}, testCase{string(s) + ", its clock ahead of ours", reap(s, since(ago(-time.Hour))), reaped(s)})
	}
	for _, s := range []record.NodeState{record.NodeTesting, record.NodeReady, record.NodeHold} {
		cases = append(cases, testCase{"never: " + string(s), append(reap(s, since(0)), dueAges), nil})
	}
	run(t, cases)
}

// Max-ready-age and max-hold-age (protocol.md 4.9).
func TestAges(t *testing.T) {
	const n = "0000000001"
	const hour = int64(3600)
	ready := func(age time.Duration, opts ...func(*Node)) []part {
		return []part{std(), dueAges, globalLabel("small", 0, time.Hour), globalLabel("large", 0, 0), node(n, record.NodeReady, "small", append([]func(*Node){since(ago(age))}, opts...)...)}
	}
	hold := func(age, global time.Duration, opts ...func(*Node)) []part {
		return []part{std(), dueAges, func(v *View) { v.Config.MaxHoldAge = global }, node(n, record.NodeHold, "small", append([]func(*Node){since(ago(age))}, opts...)...)}
	}
	tooReady := []string{"delete 0000000001 (max-ready-age)"}
	tooHeld := []string{"delete 0000000001 (max-hold-age)"}
	notDue := func(v *View) { v.Due.Ages = false }
	run(t, []testCase{
		{"ready at the limit", ready(time.Hour), tooReady},
		{"ready below the limit", ready(time.Hour - time.Second), nil},
		{"ready, not due", append(ready(2*time.Hour), notDue), nil},
		{"ready, allocated", append(ready(2*time.Hour, allocated("r")), req("r", "small", inState(record.RequestFulfilled))), nil},
		{"ready, no limit", ready(1000*time.Hour, func(n *Node) { n.Type = []string{"large"} }), nil},
		{"ready, unknown label", ready(1000*time.Hour, func(n *Node) { n.Type = []string{"gone"} }), nil},
		{"ready, no label", ready(1000*time.Hour, func(n *Node) { n.Type = nil }), nil},
		{"ready, one of its labels has a limit", ready(time.Hour, func(n *Node) { n.Type = []string{"large", "small"} }), tooReady},
		{"ready, provider not configured", ready(2*time.Hour, of("gone", "main")), nil},
		{"ready, pool not configured", ready(2*time.Hour, of("a", "gone")), tooReady},
		{"ready, locked", ready(2*time.Hour, contended), nil},
		{"ready, lock not looked at", ready(2*time.Hour, unknown), tooReady},
		{"ready, held", ready(2*time.Hour, held), nil},
		{"ready, busy", ready(2*time.Hour, nodeBusy), nil},
		{"ready, foreign", ready(2*time.Hour, foreign), nil},
		{"ready, its clock ahead of ours", ready(-2 * time.Hour), nil},
		{"ready, just taken", append(ready(2*time.Hour), req("r", "small")), []string{"accept r a/main small<0000000001"}},
		{"ready, just replaced", append(ready(2*time.Hour), func(v *View) { v.Config.Labels["small"].MinReady = 1 }), []string{"delete 0000000001 (max-ready-age)", "ask-min-ready small 1"}},

		{"hold, no limit", hold(100000*time.Hour, 0), nil},
		{"hold, at the global limit", hold(time.Hour, time.Hour), tooHeld},
		{"hold, below the global limit", hold(time.Hour-time.Second, time.Hour), nil},
		{"hold, own limit alone", hold(time.Hour, 0, holdExpires(hour)), tooHeld},
		{"hold, own limit is smaller", hold(time.Hour, 2*time.Hour, holdExpires(hour)), tooHeld},
		{"hold, the global one is smaller", hold(time.Hour, time.Hour, holdExpires(2*hour)), tooHeld},
		{"hold, own limit 0 is none", hold(100000*time.Hour, 0, holdExpires(0)), nil},
		{"hold, own limit 0, global one", hold(time.Hour, time.Hour, holdExpires(0)), tooHeld},
		{"hold, own limit negative", hold(100000*time.Hour, 0, holdExpires(-5)), nil},
		{"hold, negative global", hold(100000*time.Hour, -time.Hour), nil},
		{"hold, not due", append(hold(2*time.Hour, time.Hour), notDue), nil},
		{"hold, locked", hold(2*time.Hour, time.Hour, contended), nil},
		{"hold, provider not configured", hold(2*time.Hour, time.Hour, of("gone", "main")), nil},
		{"hold, foreign", hold(2*time.Hour, time.Hour, foreign), nil},
		{"hold, its clock ahead of ours", hold(-2*time.Hour, time.Hour), nil},
	})
}
