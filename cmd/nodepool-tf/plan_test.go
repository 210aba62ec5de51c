package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path"
	"slices"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// seen is a plan as a script reads it.
type seen struct {
	preview.Plan
	Summary preview.Summary `json:"summary"`
}

// plan runs the command and returns what it prints and its exit code. Nothing in ZooKeeper may change meanwhile, but what
// others do: with quiet nobody else is at work.
func (r *cloudRig) plan(quiet bool, args ...string) (out string, code int) {
	r.t.Helper()
	before := r.tree()
	cmd := r.Command(r.ctx, append([]string{"plan"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	data, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	code = cmd.ProcessState.ExitCode()
	if stderr.Len() > 0 && code != 1 {
		r.t.Errorf("plan %v says on stderr: %s", args, stderr.String())
	}
	if after := r.tree(); quiet && !maps.Equal(before, after) {
		r.t.Errorf("plan changed ZooKeeper:\nbefore %v\nafter %v", before, after)
	}
	if code == 1 {
		return stderr.String(), code
	}
	return string(data), code
}

// planned is plan in JSON.
func (r *cloudRig) planned(quiet bool, want int, args ...string) (p seen) {
	r.t.Helper()
	out, code := r.plan(quiet, append([]string{"--output", "json", "--detailed-exitcode"}, args...)...)
	if code != want {
		r.t.Fatalf("plan %v: exit code %d, want %d: %s", args, code, want, out)
	}
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		r.t.Fatalf("%v in %s", err, out)
	}
	return p
}

// tree is every znode with all that changes when somebody writes.
func (r *cloudRig) tree() map[string]string {
	r.t.Helper()
	out := map[string]string{}
	var walk func(p string)
	walk = func(p string) {
		names, stat, err := r.s.Children(r.ctx, p)
		if errors.Is(err, zk.ErrNoNode) {
			return
		}
		if err != nil {
			r.t.Fatal(err)
		}
		out[p] = fmt.Sprint(stat.Mzxid, stat.Pzxid, stat.Version, stat.Cversion, stat.Aversion, stat.NumChildren)
		for _, n := range names {
			walk(path.Join(p, n))
		}
	}
	walk("/")
	return out
}

// nodes are those of a plan, by action.
func (p seen) nodes() map[preview.Action][]*preview.Node {
	out := map[preview.Action][]*preview.Node{}
	for _, prov := range p.Providers {
		lists := [][]*preview.Node{prov.Elsewhere}
		for _, ws := range prov.Workspaces {
			lists = append(lists, ws.Nodes)
		}
		for _, n := range slices.Concat(lists...) {
			out[n.Action] = append(out[n.Action], n)
		}
	}
	return out
}

// served tells which label each request's nodes have.
func servedBy(nodes []*record.Node) map[string][]string {
	out := map[string][]string{}
	for _, n := range nodes {
		out[n.AllocatedTo] = append(out[n.AllocatedTo], n.Type...)
		slices.Sort(out[n.AllocatedTo])
	}
	return out
}

// TestPlan: what plan shows is what the launcher then does; then nodes that go, and those that vanished.
func TestPlan(t *testing.T) {
	r := idleCloudRig(t, api.Settings{}, upkeep("list-interval: 0\n  refresh-interval: 0", "priority: 1"))
	if p := r.planned(true, 0); p.Summary != (preview.Summary{}) || p.Launcher != "" {
		t.Errorf("with nothing to do: %+v", p.Summary)
	}
	one, two := r.submit("vm"), r.submit("vm", "vm")
	p := r.planned(true, 2)
	if s := p.Summary; s.Launch != 3 || s.Add != 6 || s.Problems != 0 || s.Keep+s.Delete+s.Declined != 0 {
		t.Fatalf("%+v", p)
	}
	shown := p.nodes()[preview.Launch]
	r.start()
	for _, id := range []string{one, two} {
		r.wait(id, record.RequestFulfilled)
	}
	var made []*record.Node
	for _, n := range r.Nodes() {
		made = append(made, n)
	}
	var foreseen []*record.Node
	for _, n := range shown {
		foreseen = append(foreseen, &record.Node{AllocatedTo: n.Request, Type: []string{n.Label}})
		if !n.Predicted || r.Nodes()[n.ID] == nil {
			t.Errorf("node %s was shown, and is not there", n.ID)
		}
	}
	if got, want := fmt.Sprint(servedBy(made)), fmt.Sprint(servedBy(foreseen)); got != want {
		t.Errorf("shown %s, made %s", want, got)
	}
}
