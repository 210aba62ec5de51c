package desire

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// cloudOf is what the cloud of provider a has said; its small nodes take two cores.
func cloudOf(change func(*Cloud)) part {
	return func(v *View) {
		c := &Cloud{Asked: true, Labels: map[driver.LabelKey]driver.Found{
			{Pool: "main", Label: "small"}: {Resources: map[string]float64{"instances": 1, "cores": 2}},
		}}
		change(c)
		v.Clouds = map[string]*Cloud{"a": c}
	}
}

// The cloud's word on labels and quotas (protocol.md 4.5): two pools share what it grants.
func TestCloud(t *testing.T) {
	type m = map[string]float64
	const r = "200-0000000001"
	quota := func(limits, unmanaged m) part {
		return cloudOf(func(c *Cloud) { c.Limits, c.Unmanaged = limits, unmanaged })
	}
	fits := []string{"accept 200-0000000001 a/main small"}
	full := []string{"accept 200-0000000001 a/main PAUSE", "set-paused a/main true"}
	declined := func(why string) []string { return []string{"decline 200-0000000001 a/main (" + why + ")"} }
	busy := node("0000000001", record.NodeInUse, "small", contended)
	ignoring := func(v *View) { v.Config.Provider("a").Pool("main").IgnoreProviderQuota = true }
	unasked := cloudOf(func(c *Cloud) { c.Asked, c.Labels = false, nil })
	run(t, []testCase{
		{"nothing known of quotas", []part{std(), cloudOf(func(*Cloud) {}), busy, req(r, "small")}, fits},
		{"not asked yet: it waits", []part{std(), unasked, req(r, "small")}, nil},
		{"not asked yet, in hand: it waits", []part{std(), unasked, req(r, "small", pending), handler(r, "")}, nil},
		{"not asked yet, a node launching", []part{std(), unasked, req(r, "small large", pending), handler(r, "small:01:l")}, nil},
		{"not asked yet, paused: it stays so", []part{std(), unasked, req(r, "small", pending), handler(r, "", hPaused)}, []string{"set-paused a/main true"}},
		{"not asked yet, paused and stopping", []part{std(), unasked, draining, req(r, "small", pending), handler(r, "", hPaused)}, []string{"yield 200-0000000001"}},
		{"not asked yet, all there", []part{std(), unasked, req(r, "small", pending), handler(r, "small:01:r")}, []string{"fulfil 200-0000000001 01"}},
		{"not asked yet, a node failed", []part{std(), unasked, req(r, "small large", pending), handler(r, "small:01:f")}, []string{"give-up 200-0000000001 (node 01 failed: boom)"}},
		{"enough", []part{std(), quota(m{"cores": 4}, nil), busy, req(r, "small")}, fits},
		{"used up by ours", []part{std(), quota(m{"cores": 3}, nil), busy, req(r, "small")}, full},
		{"used up by others", []part{std(), quota(m{"cores": 5}, m{"cores": 2}), busy, req(r, "small")}, full},
		{"another pool of the provider counts", []part{prov("a", pool("main", "small"), pool("side", "small")), quota(m{"instances": 1}, nil), node("0000000001", record.NodeInUse, "small", contended, of("a", "side")), req(r, "small", declinedBy("own/a/side"))}, full},
		{"its record says more", []part{std(), quota(m{"cores": 10}, nil), node("0000000001", record.NodeInUse, "small", contended, takes(m{"cores": 9})), req(r, "small")}, full},
		{"unlimited", []part{std(), quota(m{"ram": 1}, m{"cores": 99}), busy, req(r, "small")}, fits},
		{"the pool ignores it", []part{std(), quota(m{"cores": 0}, nil), ignoring, req(r, "small")}, fits},
		{"never enough", []part{std(), quota(m{"cores": 4}, m{"cores": 3}), req(r, "small")}, declined("it needs more cores than the cloud grants provider a: 2 of 1")},
		{"never enough for two", []part{std(), quota(m{"cores": 3}, nil), req(r, "small small")}, declined("it needs more cores than the cloud grants provider a: 4 of 3")},
		{"two in one pass", []part{std(), quota(m{"cores": 2}, nil), req(r, "small"), req("200-0000000002", "small")},
			[]string{"accept 200-0000000001 a/main small", "accept 200-0000000002 a/main PAUSE", "set-paused a/main true"}},
		{"no image", []part{std(), cloudOf(func(c *Cloud) {
			c.Labels[driver.LabelKey{Pool: "main", Label: "small"}] = driver.Found{Missing: "the cloud has no active image x"}
		}), req(r, "small")}, declined(`label "small" cannot be made: the cloud has no active image x`)},
		{"no answer", []part{std(), cloudOf(func(c *Cloud) { c.Labels, c.Trouble = nil, "connection refused" }), req(r, "small")}, declined("the cloud of provider a does not answer: connection refused")},
		{"refused", []part{std(), cloudOf(func(c *Cloud) { c.Labels, c.Trouble, c.Class = nil, "no such key", "auth" }), req(r, "small")}, declined("the cloud of provider a refuses the launcher: no such key")},
	})
}
