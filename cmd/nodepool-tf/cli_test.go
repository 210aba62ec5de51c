package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// out runs the binary and returns its output and exit code.
func (r *testRig) out(args ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	var o, e strings.Builder
	cmd := r.Command(r.ctx, args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

func TestListAndRequestList(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	stdout, stderr, code := r.out("list")
	if code != 0 || !strings.Contains(stdout, "| ID ") || !strings.Contains(stdout, req.Nodes[0]) || !strings.Contains(stdout, "unlocked") {
		t.Errorf("list: exit %d\n%s%s", code, stdout, stderr)
	}
	stdout, _, _ = r.out("list", "--detail", "--output", "json")
	var nodes []map[string]any
	if err := json.Unmarshal([]byte(stdout), &nodes); err != nil || len(nodes) != 1 || nodes[0]["id"] != req.Nodes[0] || nodes[0]["allocated_to"] != req.ID || len(nodes[0]) < 21 {
		t.Errorf("list --detail --output json: %v\n%s", err, stdout)
	}
	stdout, _, code = r.out("request-list")
	if code != 0 || !strings.Contains(stdout, req.ID) || !strings.Contains(stdout, "fulfilled") {
		t.Errorf("request-list: exit %d\n%s", code, stdout)
	}
	if _, stderr, code = r.out("list", "--output", "xml"); code != 2 || !strings.Contains(stderr, "json") {
		t.Errorf("list --output xml: exit %d, %s", code, stderr)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig)
	broken := filepath.Join(r.Dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("labels: [{name: a}]\nproviders: [{name: p, driver: terraform, pols: []}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	typo := filepath.Join(r.Dir, "typo.yaml")
	if err := os.WriteFile(typo, []byte("max-hold-agee: 60\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		args []string
		code int
		says string
	}{
		{nil, 1, "USAGE"},
		{[]string{"--help"}, 0, "USAGE"},
		{[]string{"--version"}, 0, "nodepool-tf version: "},
		{[]string{"nonsense"}, 2, "nonsense"},
		{[]string{"list", "--nonsense"}, 2, "nonsense"},
		{[]string{"-c", "/does/not/exist", "list"}, 1, "/does/not/exist"},
		{[]string{"config-validate"}, 0, "valid"},
		{[]string{"-c", broken, "config-validate"}, 1, "broken.yaml:2"},
		{[]string{"-c", broken, "config-validate"}, 1, "pools"},
		{[]string{"-c", broken, "config-validate"}, 1, "broken.yaml is not valid: errors 1"},
		{[]string{"-c", broken, "config-validate", "--output", "json"}, 1, `"code": "E-KEY"`},
		{[]string{"-c", broken, "config-validate", "--output", "yaml"}, 1, "severity: error"},
		{[]string{"config-validate", "--output", "xml"}, 2, "json"},
		{[]string{"config-validate", "more"}, 2, "no argument"},
		{[]string{"launcher", "more"}, 2, "no argument"},
		{[]string{"list", "--timeout", "-1s"}, 2, "--timeout"},
		{[]string{"explain", ""}, 2, "one argument"},
		{[]string{"-c", typo, "plan"}, 1, "unknown option max-hold-agee; did you mean max-hold-age?"},
	}
	for _, c := range cases {
		stdout, stderr, code := r.out(c.args...)
		if code != c.code || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("%v: exit %d, want %d saying %q\n%s%s", c.args, code, c.code, c.says, stdout, stderr)
		}
	}
}

// TestListWithoutZooKeeper gives up when told to.
func TestListWithoutZooKeeper(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig, servers("127.0.0.1:1"))
	_, stderr, code := r.out("list", "--timeout", "1s")
	if code != 1 || !strings.Contains(stderr, "127.0.0.1:1") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestLauncherCannotStart: one clear line that names what to do, exit 1.
func TestLauncherCannotStart(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "terraform")
	script := "#!/bin/sh\necho '{\"terraform_version\":\"1.1.0\",\"platform\":\"linux_amd64\",\"provider_selections\":{},\"terraform_outdated\":true}'\n"
	if err := os.WriteFile(old, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		change func(*rig.Options)
		says   string
	}{
		{"Terraform is missing", func(o *rig.Options) { o.Terraform = "exec-path: /nowhere/terraform" }, "exec-path"},
		{"Terraform is too old", func(o *rig.Options) { o.Terraform = "exec-path: " + old }, "too old"},
		{"version constraint", func(o *rig.Options) { o.Terraform = `version: ">= 99"` }, ">= 99"},
	}
	for _, c := range cases {
		r := newRig(t, instantConfig, c.change)
		_, stderr, code := r.out("launcher")
		if code != 1 || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d\n%s", c.name, code, stderr)
		}
	}
	r := newRig(t, instantConfig)
	if err := os.WriteFile(r.StateDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := r.out("launcher"); code != 1 || !strings.Contains(stderr, "state-dir") {
		t.Errorf("state-dir is a file: exit %d\n%s", code, stderr)
	}
	r = newRig(t, instantConfig).start()
	r.logged("launcher starts")
	if _, stderr, code := r.out("launcher"); code != 1 || !strings.Contains(stderr, "in use by another launcher") {
		t.Errorf("second launcher: exit %d\n%s", code, stderr)
	}
}
