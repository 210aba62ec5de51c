package desire

import (
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

func vanished(n *Node) { n.Vanished = true }

// TestVanished: an unused node that vanished goes and is not given to anybody, and another is made ready in its place;
// a used one goes with its user.
func TestVanished(t *testing.T) {
	const r = "200-0000000001"
	const n = "0000000001"
	gone := func(s record.NodeState, opts ...func(*Node)) []part {
		return []part{std(), node(n, s, "small", append(opts, vanished)...)}
	}
	deleted := "delete 0000000001 (something of it has vanished at the provider)"
	run(t, []testCase{
		{"ready", gone(record.NodeReady), []string{deleted}},
		{"ready, lock not looked at", gone(record.NodeReady, unknown), []string{deleted}},
		{"ready, locked", gone(record.NodeReady, contended), nil},
		{"ready, held", gone(record.NodeReady, held), nil},
		{"ready, busy", gone(record.NodeReady, nodeBusy), nil},
		{"ready, held back", gone(record.NodeReady, nodeLater), nil},
		{"ready, foreign", gone(record.NodeReady, foreign), nil},
		{"ready, provider not configured", gone(record.NodeReady, of("gone", "main")), nil},
		{"ready, allocated", append(gone(record.NodeReady, allocated(r)), req(r, "small", inState(record.RequestFulfilled))), nil},
		{"in use", gone(record.NodeInUse, contended), nil},
		{"in use, given back", gone(record.NodeInUse), []string{"delete 0000000001 (state in-use)"}},
		{"on hold", gone(record.NodeHold), nil},
		{"building", gone(record.NodeBuilding, held), nil},
		{"replaced", append(gone(record.NodeReady), globalLabel("small", 1, 0)), []string{deleted, "ask-min-ready small 1"}},
		{"replaced, while it is locked", append(gone(record.NodeReady, contended), globalLabel("small", 1, 0)), []string{"ask-min-ready small 1"}},
		{"too old as well", append(gone(record.NodeReady, since(ago(100*time.Hour))), dueAges, globalLabel("small", 0, time.Hour)), []string{deleted}},
	})
}

// TestVanishedIsNotReused: a request gets a new node.
func TestVanishedIsNotReused(t *testing.T) {
	const r = "200-0000000001"
	with := func(opts ...func(*Node)) []string {
		return lines(Decide(world(std(), req(r, "small"), node("0000000001", record.NodeReady, "small", opts...))))
	}
	if alive, gone := with(), with(vanished); len(alive) != 1 || len(gone) != 2 || alive[0] == gone[0] {
		t.Errorf("with a live spare node %q, with one that vanished %q", alive, gone)
	}
}
