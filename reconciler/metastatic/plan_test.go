package metastatic

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var now = time.Unix(1_700_000_000, 0)

// provider has labels a and b, with two slots, 60 s grace, ten minutes of retention and an hour of age.
func provider() *config.Provider {
	p := &config.Provider{Name: "meta", Driver: "metastatic"}
	pool := &config.Pool{Name: "main", Provider: p, Labels: map[string]*config.PoolLabel{}}
	for _, name := range []string{"a", "b"} {
		pool.Labels[name] = &config.PoolLabel{Name: name, Pool: pool, Backing: &config.Backing{
			Label: "host-" + name, MaxParallelJobs: 2, GraceTime: time.Minute, MinRetentionTime: 10 * time.Minute, MaxAge: time.Hour,
		}}
	}
	p.Pools = []*config.Pool{pool}
	return p
}

// held is a backing node asked for some time ago.
func held(key int, label string, ago time.Duration, change ...func(*Backing)) Backing {
	m := Mark{Owner: Owner("meta"), Label: label, Slots: 2, Launched: record.Now(now.Add(-ago))}
	id := fmt.Sprintf("h%d", key)
	b := Backing{Key: key, Mark: m, Phase: Held, Node: id, Record: &record.Node{ID: id, Provider: "cloud", State: record.NodeInUse, UserData: m.Encode()}}
	for _, f := range change {
		f(&b)
	}
	return b
}

func idle(ago time.Duration) func(*Backing) {
	return func(b *Backing) { b.IdleSince = now.Add(-ago) }
}

func awaited(state record.RequestState, nodes ...string) func(*Backing) {
	return func(b *Backing) {
		b.Phase, b.Node, b.Record = Awaited, "", nil
		b.Request = &record.Request{ID: "100-1", State: state, Nodes: nodes}
	}
}

func wants(id, label string, change ...func(*Node)) Node {
	n := Node{ID: id, Launch: &Launch{Label: label, Deadline: now.Add(time.Minute)}}
	for _, f := range change {
		f(&n)
	}
	return n
}

func seated(key, slot int) func(*Node) {
	return func(n *Node) { n.Launch.Seat = &Seat{key, slot} }
}

func has(id string, key, slot int) Node {
	return Node{ID: id, Place: Place{fmt.Sprintf("h%d", key), slot}}
}

func show(actions []Action) (out []string) {
	for _, a := range actions {
		s := fmt.Sprintf("%T%v", a, a)
		if ask, ok := a.(Ask); ok {
			s = fmt.Sprintf("Ask{%d %s %d %s}", ask.Key, ask.Mark.Label, ask.Mark.Slots, ask.Backing)
		}
		out = append(out, strings.TrimPrefix(s, "metastatic."))
	}
	return out
}

func TestPlan(t *testing.T) {
	full := []Node{has("1", 0, 0), has("2", 0, 1)}
	cases := []struct {
		name    string
		backing []Backing
		nodes   []Node
		want    []string
	}{
		{"nothing", nil, nil, nil},
		{"the first slot", nil, []Node{wants("5", "a")}, []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"three slots of two labels", nil, []Node{wants("7", "a"), wants("5", "a"), wants("6", "b"), wants("8", "a")},
			[]string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}", "Ask{10 b 2 host-b}", "Sit{6 {10 0}}", "Sit{7 {9 1}}", "Ask{11 a 2 host-a}", "Sit{8 {11 0}}"}},
		{"a free slot", []Backing{held(0, "a", time.Minute)}, []Node{has("1", 0, 0), wants("5", "a")}, []string{"Sit{5 {0 1}}", "Finish{5 {0 1}}"}},
		{"the lowest", []Backing{held(0, "a", time.Minute)}, []Node{has("1", 0, 1), wants("5", "a")}, []string{"Sit{5 {0 0}}", "Finish{5 {0 0}}"}},
		{"full", []Backing{held(0, "a", time.Minute)}, append(full, wants("5", "a")), []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"full of those to come", []Backing{held(0, "a", time.Minute)}, []Node{has("1", 0, 0), wants("4", "a", seated(0, 1), func(n *Node) { n.Launch.Finishing = true }), wants("5", "a")}, []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"of another label", []Backing{held(0, "b", time.Minute, idle(0))}, []Node{wants("5", "a")}, []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"the first that has one", []Backing{held(3, "a", time.Minute, idle(0)), held(1, "a", time.Minute, idle(0))}, []Node{wants("5", "a")}, []string{"Sit{5 {3 0}}", "Finish{5 {3 0}}", "Idle{3 false}"}},
		{"one that failed", []Backing{held(0, "a", time.Minute, func(b *Backing) { b.Failed = true })}, []Node{has("1", 0, 0), wants("5", "a")}, []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"one that somebody marked as failed", []Backing{held(0, "a", time.Minute, func(b *Backing) {
			m := b.Mark
			m.Failed = true
			b.Record.UserData = m.Encode()
		})}, []Node{has("1", 0, 0), wants("5", "a")}, []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"one past max-age", []Backing{held(0, "a", time.Hour+time.Second)}, []Node{has("1", 0, 0), wants("5", "a")}, []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"one that leaves", []Backing{held(0, "a", time.Minute, func(b *Backing) { b.Phase = Leaving })}, []Node{wants("5", "a")}, []string{"Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"its own again", []Backing{held(0, "a", time.Minute)}, []Node{wants("5", "a", func(n *Node) { n.Place = Place{"h0", 1} })}, []string{"Sit{5 {0 1}}", "Finish{5 {0 1}}"}},
		{"its own, which another has too", []Backing{held(0, "a", time.Minute)}, []Node{has("1", 0, 1), wants("5", "a", func(n *Node) { n.Place = Place{"h0", 1} })}, []string{"Sit{5 {0 0}}", "Finish{5 {0 0}}"}},
		{"a label that is gone", nil, []Node{wants("5", "z")}, nil},

		{"its node is not there yet", []Backing{held(0, "a", time.Minute, awaited("pending"))}, []Node{wants("5", "a", seated(0, 0))}, nil},
		{"one to come has room", []Backing{held(0, "a", time.Minute, awaited("pending"))}, []Node{wants("5", "a", seated(0, 0)), wants("6", "a")}, []string{"Sit{6 {0 1}}"}},
		{"its node came", []Backing{held(0, "a", time.Minute, awaited("fulfilled", "h0"))}, []Node{wants("5", "a", seated(0, 0))}, []string{"Adopt{0 h0}"}},
		{"its node is there", []Backing{held(0, "a", time.Minute)}, []Node{wants("5", "a", seated(0, 0))}, []string{"Finish{5 {0 0}}"}},
		{"no node came", []Backing{held(0, "a", time.Minute, awaited("fulfilled"))}, []Node{wants("5", "a", seated(0, 0))}, []string{"Refused{0 request 100-1 brought no node}"}},
		{"the request is gone", []Backing{held(0, "a", time.Minute, awaited(""), func(b *Backing) { b.Request = nil })}, []Node{wants("5", "a", seated(0, 0))}, []string{"Refused{0 the request for it is gone}"}},
		{"the request failed", []Backing{held(0, "a", time.Minute, awaited("failed"))}, []Node{wants("5", "a", seated(0, 0)), wants("6", "a")},
			[]string{"Refused{0 request 100-1 for it failed: nothing serves the backing label, or its launches fail}", "Ask{9 a 2 host-a}", "Sit{6 {9 0}}"}},
		{"too late", []Backing{held(0, "a", time.Minute, awaited("pending"))}, []Node{wants("5", "a", seated(0, 0), func(n *Node) { n.Launch.Deadline = now.Add(-1) })}, []string{"Expire{5}"}},

		{"gone behind our back", []Backing{held(0, "a", time.Minute, func(b *Backing) { b.Record = nil })}, []Node{has("1", 0, 0), wants("5", "a", seated(0, 1))}, []string{"Lose{0 it is gone}"}},
		{"given back by another", []Backing{held(0, "a", time.Minute, func(b *Backing) { b.Record.State = record.NodeUsed })}, []Node{wants("5", "a")}, []string{"Lose{0 its state is used}", "Ask{9 a 2 host-a}", "Sit{5 {9 0}}"}},
		{"marked by another", []Backing{held(0, "a", time.Minute, func(b *Backing) { b.Record.UserData = Mark{Owner: "x", Label: "a"}.Encode() })}, nil, []string{"Lose{0 its user_data is not NodePool:metastatic:meta's}"}},
		{"a spare on a lost one", nil, []Node{{ID: "1", Place: Place{"h7", 0}, Spare: true}, has("2", 7, 1)}, []string{"Strand{1}"}},

		{"idle", []Backing{held(0, "a", time.Minute)}, nil, []string{"Idle{0 true}"}},
		{"idle for less than grace-time", []Backing{held(0, "a", 30*time.Minute, idle(time.Minute))}, nil, nil},
		{"idle for longer", []Backing{held(0, "a", 30*time.Minute, idle(61*time.Second))}, nil, []string{"Release{0 no slot was in use for grace-time}"}},
		{"idle, and younger than min-retention-time", []Backing{held(0, "a", 10*time.Minute, idle(5*time.Minute))}, nil, nil},
		{"in use", []Backing{held(0, "a", 30*time.Minute, idle(5*time.Minute))}, full[:1], []string{"Idle{0 false}"}},
		{"past max-age, in use", []Backing{held(0, "a", 2*time.Hour)}, full[:1], nil},
		{"past max-age", []Backing{held(0, "a", 2*time.Hour, idle(0))}, nil, []string{"Release{0 max-age}"}},
		{"failed", []Backing{held(0, "a", time.Minute, idle(0), func(b *Backing) { b.Failed = true })}, nil, []string{"Release{0 it failed}"}},
		{"its label is gone", []Backing{held(0, "z", time.Minute, idle(0))}, nil, []string{"Release{0 its label is not configured any more}"}},
		{"its label is gone, in use", []Backing{held(0, "z", time.Minute)}, full, nil},
		{"a slot that it does not have", []Backing{held(0, "a", 30*time.Minute)}, []Node{has("1", 0, 7)}, nil},
		{"to come, and nobody waits", []Backing{held(0, "a", 30*time.Minute, awaited("requested"), idle(61*time.Second))}, nil, []string{"Cancel{0}"}},
		{"to come, and nobody waits for a moment", []Backing{held(0, "a", 30*time.Minute, awaited("requested"), idle(time.Second))}, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &World{Now: now, Provider: provider(), Backing: c.backing, Nodes: c.nodes, NextKey: 9}
			if diff := cmp.Diff(c.want, show(Plan(w))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	owner := Owner("meta")
	cases := []struct {
		name, holder string
		kept         bool
		state        record.NodeState
		mark         Mark
		want         Claim
	}{
		{"ours", owner, true, record.NodeInUse, Mark{Owner: owner, Label: "a", Slots: 2}, Ours},
		{"forged: not locked", "", false, record.NodeInUse, Mark{Owner: owner, Label: "a", Slots: 2}, Nobodys},
		{"forged: another has it", "NodePool:metastatic:other", true, record.NodeInUse, Mark{Owner: owner, Label: "a", Slots: 2}, Nobodys},
		{"forged: locked for a session", owner, false, record.NodeInUse, Mark{Owner: owner, Label: "a", Slots: 2}, Nobodys},
		{"locked and never marked", owner, true, record.NodeReady, Mark{}, Abandoned},
		{"marked as used and never unlocked", owner, true, record.NodeUsed, Mark{Owner: owner, Label: "a"}, Abandoned},
		{"held by an operator", owner, true, record.NodeHold, Mark{Owner: owner, Label: "a"}, Nobodys},
	}
	for _, c := range cases {
		n := &record.Node{State: c.state, UserData: c.mark.Encode()}
		if got := Judge(n, owner, c.holder, c.kept); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// The records are those of protocol.md 7.2 and 7.3.
func TestRecords(t *testing.T) {
	n := &record.Node{UserData: []byte(`"{\"owner\": \"NodePool:metastatic:meta\", \"label\": \"slice-small\", \"slots\": 4, \"failed\": false, \"launched\": 1726561290.9, \"more\": 1}"`)}
	if m, ok := MarkOf(n); !ok || m != (Mark{Owner: Owner("meta"), Label: "slice-small", Slots: 4, Launched: 1726561290.9}) {
		t.Errorf("%+v", m)
	}
	for _, bad := range []string{``, `null`, `7`, `{"owner": "NodePool:metastatic:meta"}`, `"x"`, `"null"`, `"{\"owner\": 1}"`, `"{\"owner\": \"o\", \"label\": \"l\", \"slots\": -1}"`} {
		if m, ok := MarkOf(&record.Node{UserData: []byte(bad)}); ok {
			t.Errorf("%s: %+v", bad, m)
		}
	}
	for _, bad := range []string{``, `null`, `[]`, `{"backing_node": 7}`, `"x"`, `{"slot": 1}`} {
		if p := PlaceOf(&record.Node{DriverData: []byte(bad)}); p.Backing != "" {
			t.Errorf("%s: %+v", bad, p)
		}
	}
	slot := &record.Node{ID: "0000000002", Provider: "meta", Pool: "main", HostID: "mine"}
	Begin(slot)
	Settle(slot, &record.Node{ID: "0000000001", InterfaceIP: "10.0.0.1", HostID: "theirs", HostKeys: []string{"ssh-rsa A"}, ConnectionPort: []byte(`22`)}, 2)
	want := `{"metadata":{"nodepool_node_id":"0000000002","nodepool_pool_name":"main","nodepool_provider_name":"meta"},"backing_node":"0000000001","slot":2,"node":"0000000002"}`
	if string(slot.DriverData) != want || *slot.Slot != 2 || slot.HostID != "mine" || slot.InterfaceIP != "10.0.0.1" || slot.ImageID != "unused" || len(slot.HostKeys) != 1 || PlaceOf(slot) != (Place{"0000000001", 2}) {
		t.Errorf("%s", slot.Encode())
	}
}
