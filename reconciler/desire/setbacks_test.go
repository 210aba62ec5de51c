package desire

import (
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// What the cloud said of its quota holds back a whole pool, and pauses who waits.
func TestCloudQuota(t *testing.T) {
	const r, low = "200-0000000001", "300-0000000001"
	waits := cloudQuota("a/main/large", 29*time.Second)
	over := cloudQuota("a/main/large", 30*time.Second)
	accepted := []string{"accept 200-0000000001 a/main small"}
	paused := []string{"accept 200-0000000001 a/main PAUSE", "set-paused a/main true"}
	launching := func(ago time.Duration) part {
		return func(v *View) {
			req("100-0000000001", "large", pending)(v)
			handler("100-0000000001", "large:01:l", began(ago))(v)
		}
	}
	run(t, []testCase{
		{"waits", []part{std(), waits, req(r, "small")}, paused},
		{"another pool of the provider", []part{prov("a", pool("main", "large"), pool("side", "small")), waits, req(r, "small")}, []string{"accept 200-0000000001 a/side small"}},
		{"READY nodes are handed out", []part{std(), waits, node("05", record.NodeReady, "small"), req(r, "small")}, []string{"accept 200-0000000001 a/main small<05"}},
		{"spare nodes make room", []part{std(), waits, node("05", record.NodeReady, "large"), req(r, "small")}, append([]string{"delete 05 (pool is at quota and a request waits)"}, paused...)},
		{"what never fits is declined", []part{std(maxServers(1)), waits, req(r, "small small")}, []string{"decline 200-0000000001 a/main (it needs more instances than the pool may ever have: 2 of 1)"}},
		{"what is not offered is declined, while another waits", []part{std(), waits, publishedPaused("own/a/main"), req("100-0000000001", "small", pending), handler("100-0000000001", "", hPaused), req(r, "nope")},
			[]string{`decline 200-0000000001 a/main (label "nope" is not offered)`}},
		{"min-ready does not wait", []part{std(), waits, req(r, "small", minReady)}, []string{"decline 200-0000000001 a/main (quota is used up, and min-ready nodes do not wait for it)"}},
		{"min-ready does not ask", []part{std(), waits, globalLabel("small", 2, 0)}, nil},
		{"min-ready asks another pool", []part{std(), prov("b", pool("main", "small")), waits, globalLabel("small", 2, 0)}, []string{"ask-min-ready small 2"}},

		{"the wait is over", []part{std(), over, req(r, "small")}, accepted},
		{"one tries", []part{std(), over, req(r, "small small")}, []string{"accept 200-0000000001 a/main small PAUSE", "set-paused a/main true"}},
		{"one tries, of two requests the first", []part{std(), over, publishedPaused("own/a/main"), req(r, "small", pending), handler(r, "", hPaused), req(low, "small", pending), handler(low, "", hPaused)}, []string{"fill 200-0000000001 small"}},
		{"one tries already", []part{std(), over, launching(10 * time.Second), req(r, "small")}, paused},
		{"what was begun before tells nothing", []part{std(), over, launching(31 * time.Second), req(r, "small")}, accepted},
		{"what another life began neither", []part{std(), over, req("100-0000000001", "large", pending), handler("100-0000000001", "large:01:l"), req(r, "small")}, accepted},
		{"min-ready asks for one", []part{std(), over, globalLabel("small", 2, 0)}, []string{"ask-min-ready small 1"}},
	})
}

// A label that is refused for its credentials or configuration is declined, until it is tried again.
func TestStoppedLabel(t *testing.T) {
	const r = "200-0000000001"
	stopped := cloudRefuses("a/main/small", 18*time.Second)
	over := cloudRefuses("a/main/small", time.Minute)
	why := `label "small" is stopped for another 42s: auth: 401`
	declined := []string{"decline 200-0000000001 a/main (" + why + ")"}
	accepted := []string{"accept 200-0000000001 a/main small"}
	trying := func(ago time.Duration, label string) part {
		return func(v *View) {
			req("100-0000000001", label, pending)(v)
			handler("100-0000000001", label+":01:l", began(ago))(v)
		}
	}
	run(t, []testCase{
		{"declined", []part{std(), stopped, req(r, "small")}, declined},
		{"another label", []part{std(), stopped, req(r, "large")}, []string{"accept 200-0000000001 a/main large"}},
		{"one of two labels", []part{std(), stopped, req(r, "large small")}, declined},
		{"both", []part{std(), stopped, cloudRefuses("a/main/large", 0), req(r, "large small")}, []string{`decline 200-0000000001 a/main (label "large" is stopped for another 1m0s: auth: 401; ` + why + ")"}},
		{"another pool serves it", []part{std(), prov("b", pool("main", "small")), stopped, req(r, "small", declinedBy("own/a/main"))}, []string{"accept 200-0000000001 b/main small"}},
		{"also while the pool pauses", []part{std(maxServers(1)), node("05", record.NodeInUse, "large", contended), stopped, publishedPaused("own/a/main"), req("100-0000000001", "large", pending), handler("100-0000000001", "", hPaused), req(r, "small")}, declined},
		{"READY nodes are handed out", []part{std(), stopped, node("05", record.NodeReady, "small"), req(r, "small")}, []string{"accept 200-0000000001 a/main small<05"}},
		{"one READY node for two", []part{std(), stopped, node("05", record.NodeReady, "small"), req(r, "small small")}, declined},
		{"READY nodes are not for min-ready", []part{std(), stopped, node("05", record.NodeReady, "small"), req(r, "small", minReady)}, declined},
		{"READY nodes in two zones", []part{std(), stopped, node("05", record.NodeReady, "small", zone("z1")), node("06", record.NodeReady, "small", zone("z2")), req(r, "small small")}, declined},
		{"in hand and it lacks a node", []part{std(), stopped, req(r, "small large", pending), handler(r, "large:02:r")}, []string{"give-up 200-0000000001 (" + why + ")"}},
		{"in hand and complete", []part{std(), stopped, req(r, "small", pending), handler(r, "small:02:r")}, []string{"fulfil 200-0000000001 02"}},
		{"in hand, others launch", []part{std(), stopped, req(r, "small large", pending), handler(r, "large:02:l")}, nil},
		{"min-ready does not ask", []part{std(), stopped, globalLabel("small", 2, 0)}, nil},
		{"min-ready of another label does", []part{std(), stopped, globalLabel("large", 2, 0)}, []string{"ask-min-ready large 2"}},

		{"the time is over", []part{std(), over, req(r, "small")}, accepted},
		{"one request tries", []part{std(), over, req(r, "small"), req("200-0000000002", "small"), req("200-0000000003", "large")}, append(accepted, "accept 200-0000000003 a/main large")},
		{"whole", []part{std(), over, req(r, "small small")}, []string{"accept 200-0000000001 a/main small small"}},
		{"others wait for it", []part{std(), over, trying(time.Second, "small"), req(r, "small")}, nil},
		{"but not for another label", []part{std(), over, trying(time.Second, "large"), req(r, "small")}, accepted},
		{"nor for one begun before", []part{std(), over, trying(61*time.Second, "small"), req(r, "small")}, accepted},
		{"with a READY node nobody waits", []part{std(), over, trying(time.Second, "small"), node("05", record.NodeReady, "small"), req(r, "small")}, []string{"accept 200-0000000001 a/main small<05"}},
		{"min-ready tries with one", []part{std(), over, globalLabel("small", 2, 0)}, []string{"ask-min-ready small 1"}},
	})
}

// A label without capacity goes to another pool, if there is one.
func TestNoCapacity(t *testing.T) {
	const r = "200-0000000001"
	out := noCapacity("a/main/small", 0, 10*time.Second)
	declined := []string{`decline 200-0000000001 a/main (the cloud has no capacity for label "small", it is tried again in 50s; another pool may have)`}
	accepted := []string{"accept 200-0000000001 a/main small"}
	other := peer("p", "b", 100, "small", "large")
	run(t, []testCase{
		{"nobody else has it", []part{std(), out, req(r, "small")}, accepted},
		{"somebody else has it", []part{std(), other, out, req(r, "small")}, declined},
		{"somebody else declined it", []part{std(), other, out, req(r, "small", declinedBy("p"))}, accepted},
		{"somebody else lacks the label", []part{std(), peer("p", "b", 100, "large"), out, req(r, "small")}, accepted},
		{"an alternative is left", []part{std(alternatives("small", 1)), other, out, req(r, "small")}, accepted},
		{"no alternative is left", []part{std(alternatives("small", 1)), other, out, noCapacity("a/main/small", 1, 5*time.Second), req(r, "small")}, declined},
		{"its time is over", []part{std(), other, noCapacity("a/main/small", 0, time.Minute), req(r, "small")}, accepted},
		{"READY nodes are handed out", []part{std(), other, out, node("05", record.NodeReady, "small"), req(r, "small")}, []string{"accept 200-0000000001 a/main small<05"}},
		{"another label", []part{std(), other, out, req(r, "large")}, []string{"accept 200-0000000001 a/main large"}},
		{"in hand it is tried all the same", []part{std(), other, out, req(r, "small", pending), handler(r, "")}, []string{"fill 200-0000000001 small"}},
		{"min-ready does not ask", []part{std(), out, globalLabel("small", 2, 0)}, nil},
	})
}
