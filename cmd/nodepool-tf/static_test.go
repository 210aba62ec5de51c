package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/sshd"
)

// staticRig has real sshds for machines.
type staticRig struct {
	*testRig
	ports map[string]int
	up    map[string]*sshd.Server
	// beside is set while Nodepool serves the same machines.
	beside bool
}

func newStaticRig(t *testing.T, change ...func(*rig.Options)) *staticRig {
	t.Helper()
	return &staticRig{testRig: newRig(t, "", change...), ports: map[string]int{}, up: map[string]*sshd.Server{}}
}

// machine starts a machine, the first time on a port of its own, and returns its port and host keys.
func (r *staticRig) machine(name string) (port int, keys []string) {
	r.t.Helper()
	addr := "127.0.0.1"
	if r.ports[name] == 0 {
		port, err := sshd.FreePort(addr)
		if err != nil {
			r.t.Fatal(err)
		}
		r.ports[name] = port
	}
	dir := r.t.TempDir()
	s, err := sshd.Start(dir, addr, r.ports[name], "ed25519", "p256")
	if err != nil {
		r.t.Fatal(err)
	}
	r.up[name] = s
	r.t.Cleanup(func() { s.Stop() })
	return r.ports[name], s.Keys
}

// configure writes one static provider with the given nodes, as YAML flow.
func (r *staticRig) configure(nodes ...string) {
	r.t.Helper()
	r.Config = staticConfig(nodes...)
	if err := r.WriteConfig(); err != nil {
		r.t.Fatal(err)
	}
}

func staticConfig(nodes ...string) string {
	return "labels: [{name: bench, min-ready: 1}, {name: arm}]\n" +
		"providers:\n  - name: rack\n    driver: static\n    pools:\n      - name: main\n        node-attributes: {zone: eu}\n        nodes:\n          - " +
		strings.Join(nodes, "\n          - ")
}

// ready waits until exactly the given slots are READY and free, and nothing else is there. A slot reads port/slot.
func (r *staticRig) ready(want ...string) map[string]*record.Node {
	r.t.Helper()
	found := map[string]*record.Node{}
	r.eventually("ready: "+strings.Join(want, " "), func() bool {
		clear(found)
		for _, n := range r.Nodes() {
			if n.State != record.NodeReady || n.AllocatedTo != "" || n.Slot == nil {
				return false
			}
			at := fmt.Sprintf("%s/%d", n.ConnectionPort, *n.Slot)
			if found[at] != nil {
				if r.beside {
					return false
				}
				r.t.Fatalf("slot %s is READY twice: %s and %s", at, found[at].ID, n.ID)
			}
			found[at] = n
		}
		for _, at := range want {
			if found[at] == nil {
				return false
			}
		}
		return len(found) == len(want)
	})
	return found
}

// TestStatic is the life of static nodes: registered, asked for, used, registered again.
func TestStatic(t *testing.T) {
	t.Parallel()
	r := newStaticRig(t)
	a, keys := r.machine("a")
	r.configure(
		fmt.Sprintf(`{name: 127.0.0.1, labels: [bench, arm], connection-port: %d, host-key: "%s", max-parallel-jobs: 2, python-path: /usr/bin/python3}`, a, keys[1]),
		`{name: 127.0.0.2, labels: bench, host-key-checking: false, host-key: ssh-rsa AAAA, username: root}`,
	)
	r.start()
	slot := func(s int) string { return fmt.Sprintf("%d/%d", a, s) }
	ready := r.ready(slot(0), slot(1), "22/0")
	n := ready[slot(1)]
	if n.Launcher != "static driver" || n.Hostname != "127.0.0.1" || n.InterfaceIP != "127.0.0.1" || n.PublicIPv4 != "127.0.0.1" || n.Username != "zuul" || n.PythonPath != "/usr/bin/python3" ||
		strings.Join(n.Type, " ") != "bench arm" || strings.Join(n.HostKeys, ",") != strings.Join(keys, ",") || string(n.Attributes) != `{"zone":"eu"}` || n.ConnectionType != "ssh" {
		t.Errorf("%s", n.Encode())
	}
	if n := ready["22/0"]; strings.Join(n.HostKeys, ",") != "ssh-rsa AAAA" || n.Username != "root" {
		t.Errorf("%s", n.Encode())
	}
	r.listShows(n)

	first := r.wait(r.submit("arm", "bench"), record.RequestFulfilled)
	second := r.wait(r.submit("bench"), record.RequestFulfilled)
	late := r.submit("arm") // all are taken: it waits
	for _, req := range []*record.Request{first, second} {
		r.use(req)
	}
	r.use(r.wait(late, record.RequestFulfilled))
	r.wait(r.submit("arm", "arm", "arm"), record.RequestFailed) // there are two
	again := r.ready(slot(0), slot(1), "22/0")
	for at, n := range ready {
		if again[at].ID == n.ID {
			t.Errorf("slot %s was used and is still node %s", at, n.ID)
		}
	}
	for _, id := range r.Requests() {
		if strings.HasPrefix(id, "900-") {
			t.Errorf("min-ready request %s for a static label", id)
		}
	}
	if r.Workspaces() != 0 {
		t.Error("there are workspaces")
	}
}

// listShows compares what `list` says of a node with its record.
func (r *staticRig) listShows(n *record.Node) {
	r.t.Helper()
	out, err := r.Command(r.ctx, "list", "--detail", "--output", "json").Output()
	if err != nil {
		r.t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(out, &rows); err != nil {
		r.t.Fatal(err)
	}
	for _, row := range rows {
		if row["id"] == n.ID {
			if row["server_id"] != "127.0.0.1" || row["hostname"] != "127.0.0.1" || row["launcher"] != "static driver" || row["state"] != "ready" || fmt.Sprint(row["label"]) != "[bench arm]" ||
				row["connection_port"] != mustNumber(r.t, n.ConnectionPort) || row["public_ipv4"] != "127.0.0.1" {
				r.t.Errorf("list shows %v", row)
			}
			return
		}
	}
	r.t.Errorf("list does not show node %s: %s", n.ID, out)
}

func mustNumber(t *testing.T, raw json.RawMessage) (f float64) {
	t.Helper()
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestStaticDead: a machine that died is not handed out, holds up nobody, and one that shows other host keys than
// configured is never registered.
func TestStaticDead(t *testing.T) {
	t.Parallel()
	r := newStaticRig(t)
	a, _ := r.machine("a")
	b, _ := r.machine("b")
	c, _ := r.machine("c")
	r.configure(
		fmt.Sprintf(`{name: 127.0.0.1, labels: bench, connection-port: %d, timeout: 1}`, a),
		fmt.Sprintf(`{name: 127.0.0.1, labels: [bench, arm], connection-port: %d, timeout: 1}`, b),
		fmt.Sprintf(`{name: 127.0.0.1, labels: arm, connection-port: %d, timeout: 1, host-key: ssh-ed25519 AAAA}`, c),
		`{name: no-such-host.invalid, labels: arm, timeout: 1}`,
	)
	r.start()
	slotA, slotB := fmt.Sprintf("%d/0", a), fmt.Sprintf("%d/0", b)
	ready := r.ready(slotA, slotB)
	r.logged("host key mismatch")
	r.logged("resolve its name")
	r.up["a"].Stop()
	one := r.wait(r.submit("bench"), record.RequestFulfilled)
	waiting := r.submit("bench")
	r.eventually("the dead machine's node is gone", func() bool { return r.Nodes()[ready[slotA].ID] == nil })
	if one.Nodes[0] != ready[slotB].ID {
		t.Errorf("the request got %s", one.Nodes[0])
	}
	r.use(one)
	r.use(r.wait(waiting, record.RequestFulfilled))
	r.ready(slotB)
	r.stop()

	r.machine("a") // another one, by its keys
	r.start()
	r.ready(slotA, slotB)
}

// TestStaticChanges: a change of the configuration, which is loaded while the launcher runs, rewrites what nobody uses, and leaves what is in use until it comes
// back.
func TestStaticChanges(t *testing.T) {
	t.Parallel()
	r := newStaticRig(t)
	a, _ := r.machine("a")
	r.configure(fmt.Sprintf(`{name: 127.0.0.1, labels: bench, connection-port: %d, max-parallel-jobs: 3}`, a), `{name: 127.0.0.2, labels: arm, host-key-checking: false}`)
	r.start()
	slot := func(s int) string { return fmt.Sprintf("%d/%d", a, s) }
	before := r.ready(slot(0), slot(1), slot(2), "22/0")
	busy := r.wait(r.submit("bench"), record.RequestFulfilled)
	held, err := r.Accept(r.ctx, busy)
	if err == nil {
		err = r.Set(r.ctx, held, record.NodeInUse)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.configure(fmt.Sprintf(`{name: 127.0.0.1, labels: [bench, arm], connection-port: %d, max-parallel-jobs: 2, shell-type: sh}`, a))
	r.eventually("nodes follow the configuration", func() bool {
		rewritten := 0
		for _, n := range r.Nodes() {
			if n.State == record.NodeReady && strings.Join(n.Type, " ") == "bench arm" && n.ShellType == "sh" {
				rewritten++
			}
		}
		return rewritten == 1 && len(r.Nodes()) == 2
	})
	if n := r.Nodes()[busy.Nodes[0]]; n == nil || n.State != record.NodeInUse || strings.Join(n.Type, " ") != "bench" {
		t.Errorf("the node in use: %+v", n)
	}
	if err := r.Return(r.ctx, held); err != nil {
		t.Fatal(err)
	}
	after := r.ready(slot(0), slot(1))
	for at, n := range after {
		if strings.Join(n.Type, " ") != "bench arm" || n.ShellType != "sh" {
			t.Errorf("slot %s: %s", at, n.Encode())
		}
	}
	kept := 0
	for _, n := range before {
		for _, m := range after {
			if n.ID == m.ID {
				kept++
			}
		}
	}
	if kept != 1 {
		t.Errorf("%d nodes were kept and rewritten, want one", kept)
	}

	// The provider goes: its nodes stay, and nobody registers others.
	r.Config = "labels: [{name: bench}]\nproviders: []\n"
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	r.eventually("its pool is gone", func() bool { return len(r.registered()) == 0 })
	r.ready(slot(0), slot(1))
}

// TestStaticHold: an operator's hold takes a slot out of service, and his delete brings it back.
func TestStaticHold(t *testing.T) {
	t.Parallel()
	r := newStaticRig(t)
	a, _ := r.machine("a")
	r.configure(fmt.Sprintf(`{name: 127.0.0.1, labels: [bench, arm], connection-port: %d}`, a))
	r.start()
	slot := fmt.Sprintf("%d/0", a)
	n := r.ready(slot)[slot]
	r.run("hold", n.ID)
	id := r.submit("arm")
	if err := r.WaitNode(r.ctx, n.ID, record.NodeHold); err != nil {
		t.Fatal(err)
	}
	r.run("delete", n.ID)
	req := r.wait(id, record.RequestFulfilled)
	if req.Nodes[0] == n.ID {
		t.Error("the held node was handed out")
	}
	r.use(req)
	r.ready(slot)
}

// run runs one of the operator's commands.
func (r *staticRig) run(args ...string) {
	r.t.Helper()
	if out, err := r.Command(r.ctx, args...).CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}
