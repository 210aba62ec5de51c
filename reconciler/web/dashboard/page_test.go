package dashboard

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

func html(t *testing.T, s *status.Snapshot, q Query, a Abilities) string {
	t.Helper()
	b, err := newPage(s, q, a, false).html()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What a page looks like to a reader of HTML.
func TestGolden(t *testing.T) {
	away := empty()
	away.Session, away.Draining = status.Connecting, true
	away.Providers, away.Pools = fleet(0).Providers, fleet(0).Pools
	for name, page := range map[string]string{
		"empty": html(t, empty(), Query{}, Abilities{}),
		"away":  html(t, away, Query{}, Abilities{}),
		"busy":  html(t, busy(fleet(12), 3), Query{Sort: "age", State: "in-use"}, Abilities{Preview: true, Admin: true}),
	} {
		// Assets change their version with each edit.
		for _, a := range assets {
			page = strings.ReplaceAll(page, "?"+a.version, "?version")
		}
		golden(t, name+".html", []byte(page))
	}
}

// Nothing in a record becomes markup, script or an attribute, and control characters are shown, not sent.
func TestHostile(t *testing.T) {
	const evil = "\"><script>alert(1)</script>'`{{.}}\x1b]0;x\x07\x00\u202e\xff</pre></svg>"
	s := busy(fleet(3), 2)
	for i := range s.Nodes {
		n := s.Nodes[i].Node
		n.ID, n.Provider, n.Pool, n.Type, n.State, n.InterfaceIP, n.AllocatedTo, n.TenantName = evil, evil, evil, []string{evil}, record.NodeState(evil), evil, evil, evil
	}
	for i := range s.Requests {
		r := &s.Requests[i]
		r.ID, r.NodeTypes, r.Requestor, r.TenantName, r.Waits, r.Pool = evil, []string{evil}, evil, evil, evil, evil
	}
	s.Providers[0].Name, s.Pools[0].Provider, s.Pools[0].Name, s.Pools[0].Labels = evil, evil, evil, []string{evil}
	s.Pools[0].Limits[evil] = 1
	s.Config.LastError, s.Config.LastFailed, s.Host, s.Version = evil, noon, evil, evil
	s.Runs[0].Workspace, s.Leaks[0].Type, s.Tenants[0].Name = evil, evil, evil
	s.Failures[0] = status.Failure{At: noon, Op: evil, Provider: evil, Node: evil, Class: evil, Text: evil, Next: evil, Block: evil, Workspace: evil}
	page := html(t, s, parseQuery(url.Values{"label": {evil}, "q": {"\"><script>"}, "provider": {"'`<"}}), Abilities{Preview: true, Admin: true})
	plan, err := execute("plan", newPlanPage(evil, preview{text: evil, at: noon}))
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"page": page, "plan": string(plan)} {
		for _, bad := range []string{"<script>", "\x1b", "\x00", "\x07", "\u202e", "\xff"} {
			if strings.Contains(got, bad) {
				t.Errorf("the %s holds %q", name, bad)
			}
		}
		if n := strings.Count(got, `alert(1)`); n == 0 {
			t.Errorf("the %s does not show the text at all", name)
		}
	}
}

// Fields that may hold secrets are not shown, whatever the query asks for.
func TestNoSecrets(t *testing.T) {
	s := busy(fleet(12), 3)
	for _, q := range []Query{{}, {State: "hold"}, {Text: "0000000005"}} {
		if strings.Contains(html(t, s, q, Abilities{Preview: true, Admin: true}), "tops3cret") {
			t.Errorf("%+v shows a secret", q)
		}
	}
}

// A page of the stream does not depend on the time: what only grows older is not sent again.
func TestStreamStandsStill(t *testing.T) {
	a, b := busy(fleet(200), 20), busy(fleet(200), 20)
	b.At = b.At.Add(3 * time.Second)
	var st stage
	first, err := st.of(a).live(Query{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := st.of(b).live(Query{})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range sections {
		if first.digests[i] != second.digests[i] {
			t.Errorf("section %s changed:\n%s\n%s", name, first.html[i], second.html[i])
		}
	}
	if m, err := message(second, first.digests, noon); m != nil || err != nil {
		t.Errorf("%s %v", m, err)
	}
}

// However large the fleet, the page is as large as its rows.
func TestSizeIsBounded(t *testing.T) {
	if n := len(html(t, busy(fleet(10_000), 5000), Query{}, Abilities{Preview: true, Admin: true})); n > 100<<10 {
		t.Errorf("%d bytes", n)
	}
}

func BenchmarkFirstPaint(b *testing.B) {
	s := busy(fleet(10_000), 400)
	for b.Loop() {
		if _, err := newPage(s, Query{Sort: "age"}, Abilities{}, false).html(); err != nil {
			b.Fatal(err)
		}
	}
}
