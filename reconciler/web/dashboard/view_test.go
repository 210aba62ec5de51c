package dashboard

import (
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// small is a fleet of one node in each of some states.
func small(nodes ...*record.Node) *status.Snapshot {
	s := empty()
	for _, n := range nodes {
		s.Nodes = append(s.Nodes, status.Node{Node: n})
	}
	return s
}

func ids(v Nodes) string {
	var list []string
	for _, n := range v.Rows {
		list = append(list, n.ID)
	}
	return strings.Join(list, " ")
}

func TestNodesChosen(t *testing.T) {
	s := small(
		&record.Node{ID: "1", State: record.NodeReady, Provider: "a", Pool: "p", Type: []string{"x"}, StateTime: 30, Hostname: "host-one"},
		&record.Node{ID: "2", State: record.NodeInUse, Provider: "b", Pool: "p", Type: []string{"y", "x"}, StateTime: 10, AllocatedTo: "200-7"},
		&record.Node{ID: "3", State: record.NodeReady, Provider: "a", Pool: "o", Type: []string{"y"}, StateTime: 20, InterfaceIP: "10.0.0.3"},
		&record.Node{ID: "12", State: record.NodeBuilding, Provider: "c"},
	)
	for _, c := range []struct {
		name string
		q    Query
		want string
	}{
		{"all", Query{}, "1 2 3 12"},
		{"backwards", Query{Descending: true}, "12 3 2 1"},
		{"state", Query{State: "ready"}, "1 3"},
		{"provider", Query{Provider: "b"}, "2"},
		{"label, also the second", Query{Label: "x"}, "1 2"},
		{"part of an id", Query{Text: "2"}, "2 12"},
		{"host", Query{Text: "one"}, "1"},
		{"address", Query{Text: "10.0.0"}, "3"},
		{"request, whole", Query{Text: "200-7"}, "2"},
		{"nothing", Query{Text: "x", State: "hold"}, ""},
		{"oldest first", Query{Sort: "age"}, "12 2 3 1"},
		{"by provider and pool", Query{Sort: "provider"}, "3 1 2 12"},
		{"by state, as life goes", Query{Sort: "state"}, "12 1 3 2"},
		{"by label", Query{Sort: "label"}, "12 1 3 2"},
		{"a page that is not there", Query{Page: 7}, "1 2 3 12"},
	} {
		if got := ids(newNodes(s, c.q, clock{now: noon}, false)); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}

func TestPages(t *testing.T) {
	s := fleet(10_000)
	for _, c := range []struct {
		q                 Query
		first, text       string
		previous, further string
	}{
		{Query{}, "0000000000", "1–50 of 10\u202f000", "", "/?page=2#nodes"},
		{Query{Page: 1, State: ""}, "0000000050", "51–100 of 10\u202f000", "/#nodes", "/?page=3#nodes"},
		{Query{Page: 1 << 20}, "0000009950", "9\u202f951–10\u202f000 of 10\u202f000", "/?page=199#nodes", ""},
	} {
		v := newNodes(s, c.q, clock{now: noon}, false)
		if len(v.Rows) != nodeRows || v.Rows[0].ID != c.first || v.Pager != (Pager{c.text, c.previous, c.further}) {
			t.Errorf("%+v: %d rows from %s, %+v", c.q, len(v.Rows), v.Rows[0].ID, v.Pager)
		}
	}
}

func TestUse(t *testing.T) {
	for _, c := range []struct {
		node record.Node
		want string
	}{
		{record.Node{State: record.NodeInUse, AllocatedTo: "200-1", TenantName: "t"}, "200-1 · t"},
		{record.Node{State: record.NodeReady}, ""},
		{record.Node{State: record.NodeHold, HoldJob: "job", AllocatedTo: "200-1"}, "held job"},
		{record.Node{State: record.NodeHold}, "held"},
	} {
		if got := use(&status.Node{Node: &c.node}); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

// Those that wait come first, in the order they are served in.
func TestRequestOrder(t *testing.T) {
	s := empty()
	for _, r := range []record.Request{
		{ID: "100-3", State: record.RequestFulfilled, NodeTypes: []string{"a"}}, {ID: "100-4", State: record.RequestPending}, {ID: "200-1", State: record.RequestRequested, NodeTypes: []string{"a", "a"}},
	} {
		s.Requests = append(s.Requests, status.Request{Request: &r, Waits: "quota", Ready: 1})
	}
	v := newRequests(s, Query{}, clock{now: noon})
	var got []string
	for _, r := range v.Rows {
		got = append(got, r.ID)
	}
	if strings.Join(got, " ") != "100-4 200-1 100-3" || v.Open != "2" || v.Rows[1].Ready != "1/2" || v.Rows[1].Labels != "a ×2" || v.Rows[2].Ready != "1/1" {
		t.Errorf("%v, %+v", got, v)
	}
}

func TestPoolNotes(t *testing.T) {
	s := empty()
	s.Providers = []status.Provider{
		{Name: "p", Driver: "terraform", Driven: true, LastFailure: &status.Failure{Class: "auth", Text: "no", At: noon.Add(-time.Minute)}},
		{Name: "old", Driver: "aws"},
		{Name: "silent", Driver: "aws", Driven: true, Trouble: "no such host", TroubleClass: "unknown", Unknown: true},
	}
	s.Pools = []status.Pool{
		{Provider: "p", Name: "full", Registered: true, Limits: map[string]float64{"instances": 2, "ram": 4096}, Used: map[string]float64{"instances": 2, "ram": 1024}, Paused: true},
		{Provider: "p", Name: "refused", Registered: true, Paused: true, QuotaRefused: noon.Add(time.Minute), Stopped: []status.StoppedLabel{{Label: "l", Reason: "r", Until: noon.Add(time.Hour)}}},
		{Provider: "p", Name: "away"},
	}
	v := newPools(s, Query{}, clock{now: noon})
	p := v.Providers[0]
	if p.Trouble != "auth: no" || p.Since.Text != "1m 00s" || !p.Plan || v.Providers[1].Plan || v.Providers[1].Work != "driver not served here" {
		t.Errorf("%+v", v.Providers)
	}
	if p := v.Providers[2]; p.Trouble != "unknown: no such host" || !p.Plan {
		t.Errorf("a cloud that never answered: %+v", p)
	}
	full := p.Pools[0].Usage
	if !full[0].Full || full[0].Used+"/"+full[0].Limit != "2/2" || full[1].Resource != "RAM GiB" || full[1].Used+"/"+full[1].Limit != "1/4" || full[1].Full {
		t.Errorf("%+v", full)
	}
	for i, want := range []string{"paused: more is wanted than fits", "the cloud's quota is used up; next try in 1m 00s; label l is stopped: r in 1h 00m", "not registered"} {
		var notes []string
		for _, n := range p.Pools[i].Notes {
			text := n.Text
			if n.Until != nil {
				text += " " + n.Until.Text
			}
			notes = append(notes, text)
		}
		if got := strings.Join(notes, "; "); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
