package static

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var (
	now  = time.Unix(1_000_000, 0)
	host = Host{Keys: []string{"ssh-ed25519 AAAA"}, IPv4: "192.0.2.1"}
)

// rack is a provider with one pool, main. A machine reads name:jobs:labels, the labels separated by commas.
func rack(machines ...string) *config.Provider {
	p := &config.Provider{Name: "rack", Driver: "static"}
	pool := &config.Pool{Name: "main", Provider: p, NodeAttributes: []byte(`{"zone":"eu"}`)}
	p.Pools = []*config.Pool{pool}
	for _, m := range machines {
		w := strings.Split(m, ":")
		jobs, _ := strconv.Atoi(w[1])
		pool.StaticNodes = append(pool.StaticNodes, &config.StaticNode{
			Pool: pool, Name: w[0], Labels: strings.Split(w[2], ","), Username: "zuul", ConnectionType: "ssh", ConnectionPort: 22, PythonPath: "auto",
			HostKeyChecking: true, MaxParallelJobs: jobs,
		})
	}
	return p
}

// of makes a free READY record of a machine's slot, as registered from a configuration.
func of(p *config.Provider, id, name string, slot int, opts ...func(*Node)) Node {
	for _, m := range p.Pools[0].StaticNodes {
		if m.Name == name {
			n := Node{Node: NewNode(m, slot, host, now), Free: true}
			n.ID = id
			for _, o := range opts {
				o(&n)
			}
			return n
		}
	}
	panic(name)
}

func in(s record.NodeState) func(*Node) { return func(n *Node) { n.State = s } }

var (
	allocated = func(n *Node) { n.AllocatedTo = "200-1" }
	locked    = func(n *Node) { n.Free = false }
	unslotted = func(n *Node) { n.Slot = nil }
)

func show(actions []Action) (lines []string) {
	for _, a := range actions {
		switch a := a.(type) {
		case Probe:
			lines = append(lines, "probe "+a.Machine.Name)
		case Register:
			lines = append(lines, fmt.Sprintf("register %s/%d", a.Machine.Name, a.Slot))
		case Rewrite:
			lines = append(lines, fmt.Sprintf("rewrite %s as %s/%d", a.Node, a.Machine.Name, a.Slot))
		case Again:
			lines = append(lines, "again "+a.Machine.Name)
		case Deregister:
			lines = append(lines, fmt.Sprintf("deregister %s (%s)", a.Node, a.Reason))
		}
	}
	return lines
}

func TestPlan(t *testing.T) {
	one, two := rack("a:1:bench"), rack("a:2:bench")
	id := config.MachineID{Hostname: "a", Username: "zuul", Port: 22}
	look := func(l Look) func(*World) {
		return func(w *World) { w.Looks = map[config.MachineID]Look{id: l} }
	}
	answered, dead := look(Look{Done: true, Host: host}), look(Look{Done: true, Err: errors.New("no answer"), NotBefore: now.Add(time.Minute)})
	creating := func(w *World) { w.Creating = map[Slot]bool{{id, 0}: true} }
	python := func(n *Node) { n.PythonPath = "/usr/bin/python3" }
	cases := []struct {
		name  string
		p     *config.Provider
		nodes []Node
		world []func(*World)
		want  []string
	}{
		{"nothing there", one, nil, nil, []string{"probe a"}},
		{"being looked at", one, nil, []func(*World){look(Look{Running: true})}, nil},
		{"answered", two, nil, []func(*World){answered}, []string{"register a/0", "register a/1"}},
		{"being created", two, nil, []func(*World){answered, creating}, []string{"register a/1"}},
		{"being created, nothing else lacks", one, nil, []func(*World){creating}, nil},
		{"dead", one, nil, []func(*World){dead}, nil},
		{"dead a moment ago", one, nil, []func(*World){look(Look{NotBefore: now.Add(time.Second)})}, nil},
		{"dead a minute ago", one, nil, []func(*World){look(Look{NotBefore: now})}, []string{"probe a"}},
		{"dead, an unused slot", two, []Node{of(two, "1", "a", 0), of(two, "2", "a", 1, in(record.NodeInUse))}, []func(*World){dead}, []string{"deregister 1 (its machine cannot be used: no answer)"}},
		{"all there", two, []Node{of(two, "1", "a", 0), of(two, "2", "a", 1)}, nil, nil},
		{"all there, at the start", two, []Node{of(two, "1", "a", 0), of(two, "2", "a", 1)}, []func(*World){look(Look{Wanted: true})}, []string{"probe a"}},
		{"all there, as it was", two, []Node{of(two, "1", "a", 0), of(two, "2", "a", 1)}, []func(*World){answered}, nil},
		{"one lacks", two, []Node{of(two, "2", "a", 1)}, []func(*World){answered}, []string{"register a/0"}},
		{"in use, held, used, failed", rack("a:4:x"), []Node{
			of(rack("a:4:x"), "1", "a", 0, in(record.NodeInUse)), of(rack("a:4:x"), "2", "a", 1, in(record.NodeHold)),
			of(rack("a:4:x"), "3", "a", 2, in(record.NodeUsed)), of(rack("a:4:x"), "4", "a", 3, in(record.NodeFailed)),
		}, []func(*World){answered}, nil},
		{"on its way out", one, []Node{of(one, "1", "a", 0, in(record.NodeDeleting))}, []func(*World){answered}, []string{"register a/0"}},
		{"building and deleted", one, []Node{of(one, "1", "a", 0, in(record.NodeBuilding)), of(one, "2", "a", 0, in(record.NodeDeleted))}, []func(*World){answered}, []string{"register a/0"}},

		{"one slot twice", two, []Node{of(two, "1", "a", 0), of(two, "2", "a", 0), of(two, "3", "a", 1)}, nil, []string{"deregister 2 (its machine has fewer slots)"}},
		{"one slot twice, the newer in use", one, []Node{of(one, "1", "a", 0), of(one, "2", "a", 0, in(record.NodeInUse))}, nil, []string{"deregister 1 (its machine has fewer slots)"}},
		{"one slot twice, both in use", two, []Node{of(two, "1", "a", 0, allocated), of(two, "2", "a", 0, in(record.NodeInUse)), of(two, "3", "a", 1)}, nil, []string{"deregister 3 (its machine has fewer slots)"}},
		{"one slot twice, another free", two, []Node{of(two, "1", "a", 0), of(two, "2", "a", 0)}, []func(*World){answered}, []string{"rewrite 2 as a/1"}},
		{"fewer slots", one, []Node{of(two, "1", "a", 0), of(two, "2", "a", 1)}, nil, []string{"deregister 2 (its machine has fewer slots)"}},
		{"fewer slots, the lower one free", one, []Node{of(two, "1", "a", 0), of(two, "2", "a", 1, in(record.NodeInUse))}, nil, []string{"deregister 1 (its machine has fewer slots)"}},
		{"fewer slots, locked", one, []Node{of(two, "1", "a", 0), of(two, "2", "a", 1, locked)}, nil, nil},
		{"no slots", rack("a:0:bench"), []Node{of(one, "1", "a", 0), of(two, "2", "a", 1, in(record.NodeInUse))}, nil, []string{"deregister 1 (its machine has fewer slots)"}},
		{"no slot number, as before Nodepool 8", two, []Node{of(two, "1", "a", 0, unslotted), of(two, "2", "a", 1)}, nil, []string{"probe a"}},
		{"no slot number, answered", two, []Node{of(two, "1", "a", 0, unslotted), of(two, "2", "a", 0)}, []func(*World){answered}, []string{"rewrite 1 as a/1"}},
		{"no slot number, in use", one, []Node{of(one, "1", "a", 0, unslotted, in(record.NodeInUse))}, []func(*World){answered}, nil},

		{"machine not configured", one, []Node{of(one, "1", "a", 0), of(rack("b:1:x"), "2", "b", 0), of(rack("c:1:x"), "3", "c", 0, in(record.NodeInUse)), of(rack("d:1:x"), "4", "d", 0, allocated)}, nil, []string{"deregister 2 (its machine is not configured)"}},
		{"another user", one, []Node{of(one, "1", "a", 0, func(n *Node) { n.Username = "root" })}, nil, []string{"probe a", "deregister 1 (its machine is not configured)"}},
		{"another port", one, []Node{of(one, "1", "a", 0, func(n *Node) { n.ConnectionPort = []byte("2222") })}, nil, []string{"probe a", "deregister 1 (its machine is not configured)"}},

		{"labels changed", rack("a:1:bench,arm"), []Node{of(one, "1", "a", 0)}, nil, []string{"probe a"}},
		{"labels changed, answered", rack("a:1:bench,arm"), []Node{of(one, "1", "a", 0)}, []func(*World){answered}, []string{"rewrite 1 as a/0"}},
		{"labels changed, allocated", rack("a:1:bench,arm"), []Node{of(one, "1", "a", 0, allocated)}, []func(*World){answered}, nil},
		{"labels changed, in use", rack("a:1:bench,arm"), []Node{of(one, "1", "a", 0, in(record.NodeInUse))}, nil, nil},
		{"labels changed, locked", rack("a:1:bench,arm"), []Node{of(one, "1", "a", 0, locked)}, nil, nil},
		{"python changed", one, []Node{of(one, "1", "a", 0, python)}, []func(*World){answered}, []string{"rewrite 1 as a/0"}},
		{"pool changed", one, []Node{of(one, "1", "a", 0, func(n *Node) { n.Pool = "other" })}, []func(*World){answered}, []string{"rewrite 1 as a/0"}},
		{"attributes changed", one, []Node{of(one, "1", "a", 0, func(n *Node) { n.Attributes = nil })}, []func(*World){answered}, []string{"rewrite 1 as a/0"}},
		{"attributes written otherwise", one, []Node{of(one, "1", "a", 0, func(n *Node) { n.Attributes = []byte(`{ "zone": "eu" }`) })}, []func(*World){answered}, nil},
		{"keys changed", one, []Node{of(one, "1", "a", 0, func(n *Node) { n.HostKeys = []string{"ssh-rsa BBBB"} })}, []func(*World){answered}, []string{"rewrite 1 as a/0"}},
		{"keys changed, locked", one, []Node{of(one, "1", "a", 0, locked, func(n *Node) { n.HostKeys = nil })}, []func(*World){answered}, []string{"again a"}},
		{"dead, locked", one, []Node{of(one, "1", "a", 0, locked)}, []func(*World){dead}, []string{"again a"}},
		{"keys repeated, as Nodepool does", one, []Node{of(one, "1", "a", 0, func(n *Node) { n.HostKeys = append(n.HostKeys, n.HostKeys[0]) })}, []func(*World){answered}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &World{Now: now, Provider: c.p, Nodes: c.nodes}
			for _, f := range c.world {
				f(w)
			}
			if diff := cmp.Diff(c.want, show(Plan(w))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The record is that of protocol.md 2.2 and of upstream's own, golden in state/record.
func TestNewNode(t *testing.T) {
	p := rack("a.example.net:2:bench,arm")
	m := p.Pools[0].StaticNodes[0]
	n := NewNode(m, 1, host, now)
	read, err := record.ParseNode("1", n.Encode())
	if err != nil || len(read.Problems) > 0 {
		t.Fatal(err, read.Problems)
	}
	if string(n.ExternalID) != `"a.example.net"` || n.Hostname != m.Name || n.InterfaceIP != m.Name || string(n.ConnectionPort) != "22" || *n.Slot != 1 || n.Resources != nil ||
		n.State != record.NodeReady || n.AllocatedTo != "" || *n.CreatedTime != n.StateTime || n.PublicIPv4 != host.IPv4 || n.Launcher != "static driver" || string(n.Attributes) != `{"zone":"eu"}` {
		t.Errorf("%s", n.Encode())
	}
	if IDOf(read) != m.ID() || !Current(read, m) {
		t.Errorf("it is not its machine's: %+v", IDOf(read))
	}
	m.MaxParallelJobs = 1
	if Current(read, m) {
		t.Error("its slot is gone, and it is current")
	}
}

func TestCheckKeys(t *testing.T) {
	m := &config.StaticNode{}
	if err := CheckKeys(m, nil); err != nil {
		t.Error(err)
	}
	m.HostKeys = []string{"a A", "b B"}
	if err := CheckKeys(m, []string{"b B", "c C", "a A"}); err != nil {
		t.Error(err)
	}
	if err := CheckKeys(m, []string{"a A", "c C"}); err == nil || !strings.Contains(err.Error(), `does not show "b B"; it shows "a A", "c C"`) {
		t.Error(err)
	}
}
