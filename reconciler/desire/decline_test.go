package desire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// The reasons of protocol.md 4.4, first match wins.
func TestDecline(t *testing.T) {
	const r = "200-0000000001"
	declined := func(reason string) []string { return []string{"decline 200-0000000001 a/main (" + reason + ")"} }
	var unknown []string
	for i := range 1000 {
		unknown = append(unknown, fmt.Sprintf("l%03d", i))
	}
	run(t, []testCase{
		{"max-servers 0", []part{std(maxServers(0)), req(r, "small")}, declined("pool is disabled by max-servers")},
		{"max-servers below 0", []part{std(maxServers(-1)), req(r, "small")}, declined("pool is disabled by max-servers")},
		{"max-servers 0 comes before the labels", []part{std(maxServers(0)), req(r, "nope")}, declined("pool is disabled by max-servers")},
		{"max-servers 1", []part{std(maxServers(1)), req(r, "small")}, []string{"accept 200-0000000001 a/main small"}},
		{"each label is named once", []part{std(), req(r, "x small y x y")}, declined(`label "x" is not offered; label "y" is not offered`)},
		{"a label is printed safely", []part{std(), req(r, "\x1b[31mé")}, declined(`label "\x1b[31m\u00e9" is not offered`)},
		{"a long label is cut", []part{std(), req(r, strings.Repeat("x", 10_000))}, declined(`label "` + strings.Repeat("x", 100) + `..." is not offered`)},
		{"a thousand unknown labels", []part{std(), req(r, strings.Join(unknown, " "))}, declined(func() string {
			var s []string
			for _, l := range unknown[:10] {
				s = append(s, fmt.Sprintf("label %q is not offered", l))
			}
			return strings.Join(append(s, "and 990 more"), "; ")
		}())},
		{"no upload of the image", []part{prov("a", pool("main", "small:noble")), req(r, "small")}, declined(`image "noble" of label "small" has no ready upload`)},
		{"no upload for this provider", []part{prov("a", pool("main", "small:noble")), image("b", "noble"), req(r, "small")}, declined(`image "noble" of label "small" has no ready upload`)},
		{"an upload", []part{prov("a", pool("main", "small:noble")), image("a", "noble"), req(r, "small")}, []string{"accept 200-0000000001 a/main small"}},
		{"the image of another label", []part{prov("a", pool("main", "small", "large:noble")), req(r, "small")}, []string{"accept 200-0000000001 a/main small"}},
		{"never fits", []part{std(limit("cores", 9)), req(r, "small large")}, declined("it needs more cores than the pool may ever have: 10 of 9")},
		{"never fits by servers", []part{std(maxServers(2)), req(r, "small small small")}, declined("it needs more instances than the pool may ever have: 3 of 2")},
		{"fits when empty", []part{std(limit("cores", 10)), req(r, "small large")}, []string{"accept 200-0000000001 a/main small large"}},
		{"fits when empty, not now", []part{std(limit("cores", 10)), node("0000000001", record.NodeInUse, "small", contended), req(r, "small large")}, []string{"accept 200-0000000001 a/main small PAUSE", "set-paused a/main true"}},
		{"READY nodes do not help what never fits", []part{std(limit("cores", 3)), node("0000000001", record.NodeReady, "small"), req(r, "small small")}, declined("it needs more cores than the pool may ever have: 4 of 3")},

		{"node_types unreadable", []part{std(), req(r, "", problem("node_types: want a list of strings, got an object"))}, declined("the request's node_types cannot be read")},
		{"node_types unreadable: no peer is waited for", []part{std(), peer("p", "b", 1, "small"), req(r, "", prefers("b"), problem("node_types: want a list of strings, got a string"))}, declined("the request's node_types cannot be read")},
		{"other fields unreadable", []part{std(), req(r, "small", problem("created_time: want a number, got a string"))}, []string{"accept 200-0000000001 a/main small"}},
		{"no node at all", []part{std(), req(r, "")}, []string{"accept 200-0000000001 a/main"}},
		{"a thousand nodes", []part{std(), req(r, strings.Repeat("small ", 1000))}, []string{"accept 200-0000000001 a/main" + strings.Repeat(" small", 1000)}},
		{"a thousand nodes, 3 at a time", []part{std(maxServers(1000)), manyFrom(1, 997, func(id string, _ int) part { return node(id, record.NodeInUse, "small", contended) }), req(r, strings.Repeat("small ", 1000))}, []string{"accept 200-0000000001 a/main small small small PAUSE", "set-paused a/main true"}},
	})
}
