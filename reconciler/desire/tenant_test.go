package desire

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Rule 8 of protocol.md 4.3.
func TestTenantLimit(t *testing.T) {
	const r = "200-0000000001"
	cores := func(n float64) func(*Node) { return takes(map[string]float64{"cores": n}) }
	accepted := []string{"accept 200-0000000001 a/main small"}
	used := func(opts ...func(*Node)) part {
		return node("0000000001", record.NodeInUse, "small", append([]func(*Node){nodeTenant("acme"), contended, cores(2)}, opts...)...)
	}
	run(t, []testCase{
		{"just fits", []part{std(), tenant("acme", "cores", 4), used(), req(r, "small", ofTenant("acme"))}, accepted},
		{"one too many", []part{std(), tenant("acme", "cores", 3), used(), req(r, "small", ofTenant("acme"))}, nil},
		{"the whole request counts", []part{std(), tenant("acme", "cores", 3), req(r, "small small", ofTenant("acme"))}, nil},
		{"no tenant", []part{std(), tenant("acme", "cores", 0), used(), req(r, "small")}, accepted},
		{"an empty name is no tenant", []part{std(), tenant("", "cores", 0), req(r, "small")}, accepted},
		{"another tenant", []part{std(), tenant("acme", "cores", 3), used(), req(r, "small", ofTenant("emca"))}, accepted},
		{"another resource", []part{std(), tenant("acme", "ram", 1), used(), req(r, "small", ofTenant("acme"))}, accepted},
		{"over already, even when the request takes none of it", []part{std(), tenant("acme", "ram", 1), used(takes(map[string]float64{"ram": 2})), req(r, "small", ofTenant("acme"))}, nil},
		{"nodes of providers that are not ours", []part{std(), tenant("acme", "cores", 3), used(of("x", "y")), req(r, "small", ofTenant("acme"))}, nil},
		{"nodes of another tenant", []part{std(), tenant("acme", "cores", 3), used(nodeTenant("emca")), req(r, "small", ofTenant("acme"))}, accepted},
		{"nodes without resources are not counted", []part{std(), tenant("acme", "cores", 3), used(takes(nil)), req(r, "small", ofTenant("acme"))}, accepted},
		{"nodes without labels are", []part{std(), tenant("acme", "cores", 3), node("0000000001", record.NodeInUse, "", contended, nodeTenant("acme"), cores(2)), req(r, "small", ofTenant("acme"))}, nil},
		{"every state counts", []part{std(), tenant("acme", "cores", 3), node("0000000001", record.NodeHold, "small", nodeTenant("acme"), cores(2)), req(r, "small", ofTenant("acme"))}, nil},
		{"labels we lack count for nothing", []part{std(), tenant("acme", "cores", 2), req(r, "small nope", ofTenant("acme"))}, []string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},
		{"over the limit is not even declined", []part{std(), tenant("acme", "cores", 1), req(r, "small nope", ofTenant("acme"))}, nil},
		{"two requests in one pass", []part{std(), tenant("acme", "cores", 3), req(r, "small", ofTenant("acme")), req("200-0000000002", "small", ofTenant("acme")), req("200-0000000003", "small", ofTenant("emca"))},
			append(accepted[:1:1], "accept 200-0000000003 a/main small")},
		{"a reused node is counted by its record alone", []part{std(), tenant("acme", "cores", 2), node("0000000001", record.NodeReady, "small"), req(r, "small", ofTenant("acme"))}, []string{"accept 200-0000000001 a/main small<0000000001"}},
		{"records on their way", []part{std(), tenant("acme", "cores", 3), req("100-0000000001", "small", pending, ofTenant("acme")), handler("100-0000000001", "small::l"), req(r, "small", ofTenant("acme"))}, nil},
		{"a record on its way that is there counts once", []part{std(), tenant("acme", "cores", 4),
			node("0000000001", record.NodeBuilding, "small", allocated("100-0000000001"), nodeTenant("acme"), cores(2), contended),
			req("100-0000000001", "small", pending, ofTenant("acme")), handler("100-0000000001", "small::l"), req(r, "small", ofTenant("acme"))}, accepted},
		{"one without resources yet counts, too", []part{std(), tenant("acme", "cores", 3),
			node("0000000001", record.NodeInit, "small", allocated("100-0000000001"), nodeTenant("acme"), contended),
			req("100-0000000001", "small", pending, ofTenant("acme")), handler("100-0000000001", "small::l"), req(r, "small", ofTenant("acme"))}, nil},
		{"requests being accepted", []part{std(), tenant("acme", "cores", 3), req("100-0000000001", "small", reqBusy, ofTenant("acme")),
			accepting("100-0000000001", "small::l"), req(r, "small", ofTenant("acme"))}, nil},
	})
}
