package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/explain"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// explain runs the command with the port of the running launcher, and gives its text and its value.
func (r *testRig) explain(id string) (string, *explain.Report) {
	r.t.Helper()
	r.eventually("web pages", func() bool { return r.Web() != "" })
	_, port, _ := strings.Cut(r.Web(), ":")
	data, err := os.ReadFile(r.ConfigFile)
	if err != nil {
		r.t.Fatal(err)
	}
	known := filepath.Join(r.Dir, "with-port.yaml")
	if err := os.WriteFile(known, []byte(strings.Replace(string(data), "port: 0", "port: "+port, 1)), 0o600); err != nil {
		r.t.Fatal(err)
	}
	text, stderr, code := r.out("-c", known, "explain", id)
	if code != 0 {
		r.t.Fatalf("explain %s: exit %d, %s", id, code, stderr)
	}
	value, _, _ := r.out("-c", known, "explain", "--output", "json", id)
	var rep explain.Report
	if err := json.Unmarshal([]byte(value), &rep); err != nil {
		r.t.Fatalf("%v\n%s", err, value)
	}
	return text, &rep
}

func says(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

// TestExplain follows a full pool: a request that was served, one that waits for quota, one behind it, one that nobody can
// serve; then without the launcher.
func TestExplain(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig, quota("1")).start()
	r.gate("open")
	first := r.wait(r.submit("gated"), record.RequestFulfilled)
	node := first.Nodes[0]
	waits := r.submit("gated")
	r.eventually("a request waits", func() bool { q := r.Request(waits); return q != nil && q.State == record.RequestPending })
	// It may have made room by deleting nothing: the node is allocated.
	behind := r.submit("gated")
	r.eventually("it is seen", func() bool { return r.Request(behind) != nil })

	text, rep := r.explain(first.ID)
	says(t, text, "request "+first.ID+": fulfilled", "it has its nodes ("+node+")", "attempt 1 is in workspace local-", "request accepted", "request fulfilled", "next: nodepool-tf request-list | nodepool-tf explain "+node)
	if rep.Daemon == nil || len(rep.Daemon.Journal) < 3 || len(rep.Places) != 1 || rep.Places[0].Node != node || !rep.Places[0].Alive {
		t.Errorf("%+v", rep)
	}
	text, rep = r.explain(node)
	says(t, text, "node "+node+": ready", "handed to request "+first.ID, "node launched", "workspace=local-", "nodepool-tf delete "+node)
	if rep.Kind != "node" || rep.State != "ready" {
		t.Errorf("%+v", rep)
	}
	text, rep = r.explain(waits)
	says(t, text, "pool local/main has accepted it and waits for: quota of pool local/main", "instances: 1 of 1 used, 1 more wanted")
	if rep.Daemon.Request.Hand != "local/main" {
		t.Errorf("%+v", rep.Daemon)
	}
	text, rep = r.explain(behind)
	says(t, text, "pool local/main leaves it for now: the pool is paused: an earlier request waits for quota")
	if v := rep.Daemon.Request.Verdicts; len(v) != 1 || v[0].Rule != "4.3.9" || v[0].Outcome != "leaves" {
		t.Errorf("%+v", v)
	}
	nobody := r.wait(r.submit("gated", "\x1b[2Jnope"), record.RequestFailed)
	text, _ = r.explain(nobody.ID)
	says(t, text, "failed for", "every pool that was registered declined it", `label "\x1b[2Jnope" is not offered`)
	if strings.Contains(text, "\x1b") {
		t.Errorf("a control sequence reaches the terminal: %q", text)
	}

	r.kill()
	stdout, stderr, code := r.out("explain", node)
	if code != 0 {
		t.Errorf("exit %d, %s", code, stderr)
	}
	says(t, stdout, "node "+node+": ready", "no launcher answered on this host", "attempt 1 is in workspace")
	if _, stderr, code := r.out("explain", "--strict", "../nodes/"+node); code != 3 || !strings.Contains(stderr, "nodepool-tf list") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestExplainFailure: which attempt failed, and why.
func TestExplainFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig, func(o *rig.Options) {
		o.Config = strings.Replace(o.Config, "launch-timeout: 60", "launch-retries: 1", 1)
		o.Env = append(o.Env, "NODEPOOL_PHRASE=told to fail")
	}).start()
	r.gate("fail")
	r.gate("open")
	id := r.wait(r.submit("gated"), record.RequestFailed).ID
	text, rep := r.explain(id)
	says(t, text, "launch attempt failed", "Output: %(NODEPOOL_PHRASE)", "class=", "policy=", "the node fails", "workspace=local-", "declined it")
	if rep.Daemon == nil || len(rep.Daemon.Journal) < 4 {
		t.Errorf("%+v", rep.Daemon)
	}
	if strings.Contains(text, "told to fail") {
		t.Errorf("a variable's value is told:\n%s", text)
	}
}
