package preview

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-update writes it):\n%s", file, d)
	}
}

// plans by the name of their golden files.
func plans() map[string]*Plan {
	return map[string]*Plan{
		"nothing": planOf(Foresee(scene(node(1, "small", record.NodeReady, time.Minute)))),
		"requests": planOf(Foresee(scene(
			request("200-0000000001", "small", "large"), request("100-0000000002", "large"), request("200-0000000003", "gpu"),
			node(1, "small", record.NodeReady, time.Minute),
		))),
		"at-quota": planOf(Foresee(scene(
			request("200-0000000001", "large", "large"), node(1, "large", record.NodeInUse, time.Minute, locked), node(2, "large", record.NodeInUse, time.Minute, locked),
			node(3, "large", record.NodeInUse, time.Minute, locked), node(4, "small", record.NodeReady, time.Minute),
		))),
		"going": planOf(Foresee(scene(
			node(1, "small", record.NodeReady, 2*time.Hour), node(2, "large", record.NodeUsed, time.Minute), node(3, "large", record.NodeUsed, time.Minute, locked),
			node(4, "small", record.NodeUsed, time.Minute, foreign), node(5, "large", record.NodeReady, time.Minute, vanished),
		))),
		"in-hand": planOf(Foresee(scene(
			pending("200-0000000001", true, "large", "large"), node(1, "large", record.NodeBuilding, time.Minute, locked, of("200-0000000001")),
			node(2, "small", record.NodeDeleting, time.Minute, locked), node(3, "small", record.NodeReady, time.Minute),
		))),
		"lost": planOf(Foresee(scene(
			pending("200-0000000001", false, "large", "small"), node(1, "large", record.NodeBuilding, time.Minute, of("200-0000000001")),
			pending("200-0000000002", false, "large"), node(3, "small", record.NodeReady, time.Minute),
		))),
		"terraform": terraform(),
		"drift":     drift(),
	}
}

// terraform is a plan with all that Terraform may have to say.
func terraform() *Plan {
	p := planOf(Foresee(scene(request("200-0000000001", "large"), node(1, "small", record.NodeReady, time.Minute), node(2, "large", record.NodeUsed, time.Minute))))
	prov := p.Providers[0]
	nodes := prov.Elsewhere
	prov.Elsewhere = nil
	prov.Workspaces = []*Workspace{
		{ID: "cloud-0123456789ab", Nodes: nodes[:1]},
		{ID: "cloud-123456789abc", Nodes: nodes[1:2], Runs: []*Run{{Kind: "destroy", Remove: 1, Changes: []Change{{Node: nodes[1].ID, Address: "module.n0000000002.server.node", Action: "delete"}}}}},
		{ID: "cloud-23456789abcd", InFlight: "create"},
		{ID: "cloud-new1", New: true, Nodes: nodes[2:], Runs: []*Run{{Kind: "create", Diagnostics: []Diagnostic{{"error", "Invalid provider configuration: no \x1b[31mtoken"}}}}},
		{ID: "cloud-new2", New: true, Problem: "initialise module ./modules/large: no such folder"},
	}
	p.Warnings = []string{"request odd cannot be read and is left alone: no\nJSON"}
	return p
}

func drift() *Plan {
	return &Plan{Mode: RefreshOnly, Config: "/etc/nodepool/nodepool.yaml", Made: now, Launcher: "build01", Providers: []*Provider{{Name: "cloud", Workspaces: []*Workspace{
		{ID: "cloud-0123456789ab", Nodes: []*Node{{ID: "0000000001", Action: Keep, Label: "small", Pool: "main", State: record.NodeInUse, Reason: "in-use"}}, Runs: []*Run{{Kind: "refresh-only", Changes: []Change{
			{Node: "0000000001", Address: "module.n0000000001.server.node", Action: "delete", Drift: true}, {Node: "0000000001", Address: "module.n0000000001.disk.node", Action: "update", Drift: true},
		}}}},
		{ID: "cloud-123456789abc", Runs: []*Run{{Kind: "refresh-only"}}},
	}}}}
}

func TestText(t *testing.T) {
	for name, p := range plans() {
		var brief, full, coloured bytes.Buffer
		for w, s := range map[*bytes.Buffer]Style{&brief: {}, &full: {Detail: true}, &coloured: {Colour: true}} {
			if err := p.Text(w, s); err != nil {
				t.Fatal(err)
			}
		}
		golden(t, name+".txt", brief.Bytes())
		golden(t, name+".detail.txt", full.Bytes())
		plain := coloured.Bytes()
		for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"} {
			plain = bytes.ReplaceAll(plain, []byte(code), nil)
		}
		if !bytes.Equal(plain, brief.Bytes()) || coloured.Len() == brief.Len() {
			t.Errorf("%s: colours change more than colours:\n%q", name, coloured.String())
		}
	}
}

func TestJSON(t *testing.T) {
	for name, p := range plans() {
		var b bytes.Buffer
		if err := p.JSON(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", b.Bytes())
		if bytes.Contains(b.Bytes(), []byte("null")) {
			t.Errorf("%s: a list is null", name)
		}
	}
}

// TestChanges: what --detailed-exitcode tells.
func TestChanges(t *testing.T) {
	got := map[string]bool{}
	for name, p := range plans() {
		got[name] = p.Summary().Changes()
	}
	want := map[string]bool{"nothing": false, "requests": true, "at-quota": true, "going": true, "in-hand": false, "lost": true, "terraform": true, "drift": true}
	if !maps.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

// TestAsItIs decides nothing.
func TestAsItIs(t *testing.T) {
	p := planOf(AsItIs(scene(
		request("200-0000000001", "large"), node(1, "small", record.NodeReady, 2*time.Hour), node(2, "large", record.NodeUsed, time.Minute), node(3, "large", record.NodeBuilding, time.Minute, locked),
	)))
	if s := p.Summary(); s != (Summary{Keep: 2, InProgress: 1}) {
		t.Errorf("%+v", s)
	}
}

// TestForeseeLeavesTheScene as it was.
func TestForeseeLeavesTheScene(t *testing.T) {
	s := scene(request("200-0000000001", "small", "large"), node(1, "small", record.NodeReady, 2*time.Hour), node(2, "large", record.NodeUsed, time.Minute))
	first, second := planOf(Foresee(s)), planOf(Foresee(s))
	var a, b bytes.Buffer
	if err := first.JSON(&a); err != nil {
		t.Fatal(err)
	}
	if err := second.JSON(&b); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a.String(), b.String()); d != "" {
		t.Errorf("the second look at the same is another:\n%s", d)
	}
}
