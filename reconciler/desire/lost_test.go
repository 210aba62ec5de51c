package desire

import (
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Lost requests (protocol.md 4.9), and those of an earlier life of this launcher.
func TestLost(t *testing.T) {
	const r = "200-0000000001"
	lost := func(parts ...part) []part {
		return append([]part{std(), dueLost, req(r, "small large", pending)}, parts...)
	}
	mine := func(id string, s record.NodeState, opts ...func(*Node)) part {
		return node(id, s, "small", append([]func(*Node){allocated(r)}, opts...)...)
	}
	reset := func(nodes string) []string { return []string{strings.TrimSpace("reset " + r + " " + nodes)} }
	run(t, []testCase{
		{"no nodes", lost(), reset("")},
		{"not due", []part{std(), req(r, "small", pending)}, nil},
		{"in hand", lost(handler(r, "small:01:l large:02:l")), nil},
		{"busy", []part{std(), dueLost, req(r, "small", pending, reqBusy)}, nil},
		{"held back", []part{std(), dueLost, req(r, "small", pending, reqLater)}, nil},
		{"being accepted", lost(accepting(r, "")), nil},
		{"not pending", []part{std(), dueLost, req(r, "small", inState(record.RequestFulfilled))}, nil},
		{"several, by id", []part{std(), dueLost, req("300-0000000002", "small", pending), req("200-0000000003", "small", pending)}, []string{"reset 200-0000000003", "reset 300-0000000002"}},

		{"resumed", lost(mine("0000000002", record.NodeBuilding), mine("0000000001", record.NodeReady)), []string{"resume 200-0000000001 a/main 0000000001 0000000002"}},
		{"resumed at once", []part{std(), req(r, "small", pending), mine("0000000001", record.NodeBuilding)}, []string{"resume 200-0000000001 a/main 0000000001"}},
		{"resumed when created but not locked", lost(mine("0000000001", record.NodeInit)), []string{"resume 200-0000000001 a/main 0000000001"}},
		{"resumed to be declined", lost(mine("0000000001", record.NodeFailed)), []string{"resume 200-0000000001 a/main 0000000001"}},
		{"without what is on its way out", lost(mine("0000000001", record.NodeBuilding), mine("0000000002", record.NodeDeleting, contended), mine("0000000003", record.NodeAborted)), []string{"resume 200-0000000001 a/main 0000000001", "delete 0000000003 (state aborted)"}},
		{"nothing but that", lost(mine("0000000002", record.NodeDeleting, contended), mine("0000000003", record.NodeUsed)), []string{"reset 200-0000000001 0000000002 0000000003", "delete 0000000003 (state used)"}},
		{"pool not configured", lost(mine("0000000001", record.NodeReady, of("a", "gone"))), reset("0000000001")},
		{"provider not configured", lost(mine("0000000001", record.NodeBuilding, of("gone", "main"))), reset("0000000001")},
		{"pool not seen yet: its nodes are kept", []part{std(), unregistered("own/a/main"), req(r, "small", pending), mine("0000000001", record.NodeBuilding)}, nil},
		{"nodes of two pools", []part{prov("a", pool("main", "small"), pool("side", "small")), dueLost, req(r, "small small", pending), mine("0000000001", record.NodeReady), mine("0000000002", record.NodeReady, of("a", "side"))}, reset("0000000001 0000000002")},
		{"node of another launcher", lost(mine("0000000001", record.NodeBuilding, foreign)), reset("0000000001")},
		{"a ready one of another launcher", lost(mine("0000000001", record.NodeBuilding), mine("0000000002", record.NodeReady, foreign)), []string{"resume 200-0000000001 a/main 0000000001 0000000002"}},
		{"nothing but that one", lost(mine("0000000002", record.NodeReady, foreign)), reset("0000000002")},
		{"node busy", lost(mine("0000000001", record.NodeReady, nodeBusy)), reset("0000000001")},
		{"node held", lost(mine("0000000001", record.NodeReady, held)), reset("0000000001")},
		{"node without a label", lost(node("0000000001", record.NodeReady, "", allocated(r))), reset("0000000001")},
		{"nodes of others", lost(node("0000000001", record.NodeReady, "small"), node("0000000002", record.NodeReady, "small", allocated("200-0000000009"))), []string{"reset 200-0000000001", "deallocate 0000000002"}},
	})
}
