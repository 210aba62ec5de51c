package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
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

// blocks are the module blocks in workspace folders, without what only ZooKeeper and chance give: ids of nodes, names of
// workspaces.
func (r *cloudRig) blocks(dir string) (out []string) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "workspaces", "*", "n*.tf"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			r.t.Fatal(err)
		}
		node := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "n"), ".tf")
		out = append(out, strings.NewReplacer("200-"+node, "200-"+node, node, "NODE", filepath.Base(filepath.Dir(file)), "WORKSPACE").Replace(string(data)))
	}
	slices.Sort(out)
	return out
}

// TestPlan: what plan shows is what the launcher then does, block by block, when it launches and when it deletes.
func TestPlan(t *testing.T) {
	r := idleCloudRig(t, api.Settings{}, upkeep("list-interval: 0\n  refresh-interval: 0", "priority: 1"))
	if p := r.planned(true, 0); p.Summary != (preview.Summary{}) || p.Launcher != "" {
		t.Errorf("with nothing to do: %+v", p.Summary)
	}
	r.start()
	r.logged("launcher starts")
	r.stop() // it has given its state directory an id
	one, two := r.submit("vm"), r.submit("vm", "vm")
	p := r.planned(true, 2)
	if s := p.Summary; s.Launch != 3 || s.Add != 6 || s.Problems != 0 || s.Keep+s.Delete+s.Declined != 0 {
		t.Fatalf("%+v", p)
	}
	review := filepath.Join(r.Dir, "review")
	if out, code := r.run("render", review); code != 0 {
		t.Fatalf("render: %d %s", code, out)
	}
	if err := filepath.WalkDir(review, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is for others, too: %s", path, info.Mode())
		}
		data, _ := os.ReadFile(path)
		if strings.Contains(string(data), "s3cr3t") {
			t.Errorf("%s has a secret", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	shown := p.nodes()[preview.Launch]
	r.start()
	reqs := []*record.Request{r.wait(one, record.RequestFulfilled), r.wait(two, record.RequestFulfilled)}
	var made, foreseen []*record.Node
	for _, n := range r.Nodes() {
		made = append(made, n)
	}
	for _, n := range shown {
		foreseen = append(foreseen, &record.Node{AllocatedTo: n.Request, Type: []string{n.Label}})
		if !n.Predicted || r.Nodes()[n.ID] == nil {
			t.Errorf("node %s was shown, and is not there", n.ID)
		}
	}
	if got, want := fmt.Sprint(servedBy(made)), fmt.Sprint(servedBy(foreseen)); got != want {
		t.Errorf("shown %s, made %s", want, got)
	}
	if got, want := r.blocks(r.StateDir), r.blocks(review); !slices.Equal(got, want) || len(got) != 3 {
		t.Errorf("blocks shown:\n%s\nmade:\n%s", strings.Join(want, ""), strings.Join(got, ""))
	}
	if p := r.planned(false, 0); p.Summary.Keep != 3 || p.Launcher == "" {
		t.Errorf("with all in use: %+v", p)
	}

	r.stop()
	r.use(reqs[0])
	p = r.planned(true, 2)
	going := p.nodes()[preview.Delete]
	if drift := r.planned(true, 0, "--refresh-only"); drift.Summary.Keep != 3 || drift.Summary.Problems != 0 {
		t.Errorf("without drift: %+v", drift)
	}
	if len(going) != 1 || going[0].ID != reqs[0].Nodes[0] || p.Summary.Keep != 2 || p.Summary.Remove != 2 || p.Summary.Add != 0 {
		t.Fatalf("%+v", p)
	}
	r.start()
	r.eventually("the node is gone", func() bool { return len(r.Nodes()) == 2 })
	if r.Nodes()[going[0].ID] != nil {
		t.Errorf("another node than %s went", going[0].ID)
	}
	r.stop()
	r.unread(slices.Sorted(maps.Keys(r.Nodes()))[0])
	if err := os.WriteFile(filepath.Join(r.StateDir, "zookeeper-tree"), []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := r.plan(true); code != 1 || !strings.Contains(out, "another ZooKeeper tree") {
		t.Errorf("with a state directory of another tree: %d %s", code, out)
	}
}

// unread has a live node's record be none that can be read, as if it had been written after the others were read: such a
// node is not deleted. Its record is there, and that is what counts.
func (r *cloudRig) unread(node string) {
	r.t.Helper()
	path := "/nodepool/nodes/" + node
	data, _, err := r.s.Get(r.ctx, path)
	if err != nil {
		r.t.Fatal(err)
	}
	set := func(data []byte) {
		if _, err := r.s.Set(r.ctx, path, data, -1); err != nil {
			r.t.Fatal(err)
		}
	}
	set([]byte("{"))
	if p := r.planned(true, 0); p.Summary.Delete != 0 || p.Summary.Keep != 1 || !strings.Contains(strings.Join(p.Warnings, " "), "node "+node+" cannot be read and is left alone") {
		r.t.Errorf("with a record that cannot be read: %+v", p)
	}
	set(data)
}

// run runs a command and returns what it prints and its exit code.
func (r *cloudRig) run(args ...string) (string, int) {
	r.t.Helper()
	cmd := r.Command(r.ctx, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// slowly has Terraform wait longer for the cloud than --timeout, which is about ZooKeeper alone.
func (r *cloudRig) slowly(vanished *record.Node) {
	r.t.Helper()
	if err := r.cloud.Configure(r.ctx, "acme", api.Settings{Token: "s3cr3t", Pace: api.Pace{Get: api.Delay{Fixed: 2500 * time.Millisecond}}}); err != nil {
		r.t.Fatal(err)
	}
	if out, code := r.run("plan", "--refresh-only", "--timeout=2s", "--detailed-exitcode"); code != 2 || !strings.Contains(out, vanished.ID) {
		r.t.Errorf("with a slow cloud: %d %s", code, out)
	}
}

// interrupted presses Ctrl-C, twice, while a plan waits for the cloud.
func (r *cloudRig) interrupted() {
	r.t.Helper()
	if err := r.cloud.Configure(r.ctx, "acme", api.Settings{Token: "s3cr3t", Pace: api.Pace{Get: api.Delay{Fixed: time.Hour}}}); err != nil {
		r.t.Fatal(err)
	}
	asked := r.billed().Requests["instances.get"]
	cmd := r.Command(r.ctx, "plan", "--refresh-only")
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("Terraform asks the cloud", func() bool { return r.billed().Requests["instances.get"] > asked })
	for range 2 {
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			r.t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		r.t.Errorf("exit code %d after Ctrl-C, want 130", code)
	}
}

// TestPlanOfWhatIsThere: drift, another configuration, a run in flight, Terraform's read-only sub-commands; on the
// launcher's host and on another one.
func TestPlanOfWhatIsThere(t *testing.T) {
	secure := filepath.Join(t.TempDir(), "secure.yaml")
	if err := os.WriteFile(secure, []byte("terraform: {state-key: 0123456789abcdef0123456789abcdef}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	r := newCloudRig(t, api.Settings{}, upkeep("list-interval: 0\n  refresh-interval: 0", "priority: 1"), minReady, func(o *rig.Options) {
		o.Secure = secure
		o.Env = append(o.Env, "TMPDIR="+tmp)
	})
	node := r.ready("")
	config, err := os.ReadFile(r.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, change ...string) string {
		file := filepath.Join(r.Dir, name)
		if err := os.WriteFile(file, []byte(strings.NewReplacer(change...).Replace(string(config))), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	bigger := write("bigger.yaml", "min-ready: 1}", "min-ready: 1}, {name: big, min-ready: 2}", "          - name: vm\n", "          - {name: big, inputs: {name: big, flavor: large}}\n          - name: vm\n")
	elsewhere := write("elsewhere.yaml", r.StateDir, filepath.Join(r.Dir, "nowhere"))

	out, code := r.run("-c", bigger, "plan", "--detailed-exitcode")
	if code != 2 || !strings.Contains(out, "2 to launch") || !strings.Contains(out, "1 to keep") || !strings.Contains(out, "min-ready of label big") || strings.Contains(out, "\x1b") {
		t.Errorf("with another configuration: %d %s", code, out)
	}
	renamed := write("renamed.yaml", "- name: sim\n", "- name: other\n")
	if out, _ := r.run("-c", renamed, "plan", "--provider", "other"); !strings.Contains(out, "1 nodes of provider sim (0 in use) are left alone") {
		t.Errorf("with the provider renamed: %s", out)
	}
	for _, file := range []string{r.ConfigFile, elsewhere} {
		if out, code := r.run("-c", file, "plan", "--refresh-only", "--detailed-exitcode"); code != 0 || !strings.Contains(out, "0 resources") {
			t.Errorf("nothing has drifted: %d %s", code, out)
		}
		if out, code := r.run("-c", file, "terraform", node.ID, "--", "state", "list"); code != 0 || !strings.Contains(out, "module.n"+node.ID+".simcloud_instance.node") {
			t.Errorf("state list: %d %s", code, out)
		}
	}
	if out, code := r.run("terraform", node.ID, "--", "destroy"); code != 2 || !strings.Contains(out, "state list") {
		t.Errorf("destroy: %d %s", code, out)
	}
	if out, code := r.run("terraform", node.ID, "--", "show", "-json"); code != 2 || !strings.Contains(out, "--reveal") {
		t.Errorf("show -json: %d %s", code, out)
	}
	bare := exec.CommandContext(r.ctx, r.Binary, "-c", elsewhere, "plan")
	bare.Env = append(os.Environ(), r.Env...)
	if out, err := bare.CombinedOutput(); err != nil || !strings.Contains(string(out), "1 of 1 workspaces cannot be read") || !strings.Contains(string(out), "state-key") {
		t.Errorf("without the state-key: %v %s", err, out)
	}
	if out, code := r.run("plan", "--provider", "sin"); code != 1 || !strings.Contains(out, "configured: [sim]") {
		t.Errorf("a provider that is not configured: %d %s", code, out)
	}
	if out, code := r.run("plan", "--output", "yaml"); code != 2 || !strings.Contains(out, "pretty or json") {
		t.Errorf("a format that there is not: %d %s", code, out)
	}
	r.vanish(node)
	for _, file := range []string{r.ConfigFile, elsewhere} {
		if out, code := r.run("-c", file, "plan", "--refresh-only", "--detailed-exitcode"); code != 2 || !strings.Contains(out, "simcloud_instance.node  has vanished") {
			t.Errorf("an instance has vanished: %d %s", code, out)
		}
	}
	if b := r.billed(); b.Created != 1 || b.Deleted != 0 {
		t.Errorf("books %+v", b)
	}

	r.slowly(node)
	r.interrupted()
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("a plan that was interrupted leaves %v behind", left)
	}
	if err := r.cloud.Configure(r.ctx, "acme", api.Settings{Token: "s3cr3t", Pace: api.Pace{Boot: api.Delay{Fixed: time.Hour}}}); err != nil {
		t.Fatal(err)
	}
	r.submit("vm", "vm")
	r.eventually("a run is under way", func() bool { return len(r.Workers()) > 0 })
	r.eventually("plan says so", func() bool {
		out, code := r.run("plan", "--detailed-exitcode")
		return code == 0 && strings.Contains(out, "a run is in flight (create)") && strings.Contains(out, "is being launched")
	})
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("a plan leaves %v behind", left)
	}
}
