package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// settings are the lines of a unit by name; a name that comes twice keeps the last.
func settings(t *testing.T, unit string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for line := range strings.Lines(unit) {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			found[name] = value
		}
	}
	return found
}

// stopTimeoutOf is the --stop-timeout of a command line, or the command's default.
func stopTimeoutOf(t *testing.T, line string) time.Duration {
	t.Helper()
	text := ""
	if m := regexp.MustCompile(`--stop-timeout\W+(\w+)`).FindStringSubmatch(line); m != nil {
		text = m[1]
	} else {
		for _, f := range launcherCommand().Flags {
			if d, ok := f.(*cli.DurationFlag); ok && d.Name == "stop-timeout" {
				text = d.Value.String()
			}
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestUnit: systemd takes the unit as it is, and what it does at the end spares the Terraform runs.
func TestUnit(t *testing.T) {
	data, err := os.ReadFile("deploy/nodepool-tf.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := settings(t, string(data))
	for name, want := range map[string]string{"Type": "notify", "NotifyAccess": "", "KillMode": "process", "OOMPolicy": "continue", "StateDirectoryMode": "0700", "Restart": "on-failure", "ExecReload": "/bin/kill -HUP $MAINPID"} {
		if unit[name] != want {
			t.Errorf("%s=%s, want %s", name, unit[name], want)
		}
	}
	seconds, err := strconv.Atoi(unit["TimeoutStopSec"])
	if stop := stopTimeoutOf(t, unit["ExecStart"]); err != nil || time.Duration(seconds)*time.Second < stop+10*time.Second {
		t.Errorf("TimeoutStopSec=%s with a stop timeout of %s: %v", unit["TimeoutStopSec"], stop, err)
	}
	if seconds, err := strconv.Atoi(unit["TimeoutStartSec"]); err != nil || time.Duration(seconds)*time.Second < 2*upTime {
		t.Errorf("TimeoutStartSec=%s, and a launcher may take %s to say that it is up: %v", unit["TimeoutStartSec"], upTime, err)
	}
	if unit["PrivateTmp"] != "" && unit["PrivateTmp"] != "no" {
		t.Error("PrivateTmp takes the plugins' sockets away while Terraform still runs")
	}

	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT RUN: nobody checked the unit's syntax: %v", err)
	}
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	// The user and the binary are not on this machine.
	text := strings.NewReplacer("/usr/local/bin/nodepool-tf", binary, "User=nodepool\n", "User=root\n", "Group=nodepool\n", "Group=root\n").Replace(string(data))
	path := filepath.Join(t.TempDir(), "nodepool-tf.service")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), verify, "verify", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestContainerfile: the commands in it are those that this tree and this binary know.
func TestContainerfile(t *testing.T) {
	data, err := os.ReadFile("deploy/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	gomod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(gomod)
	have := regexp.MustCompile(`(?m)^FROM \S*golang:(\d+\.\d+)`).FindStringSubmatch(text)
	if want == nil || have == nil || string(want[1]) != have[1] {
		t.Errorf("built with Go %v, go.mod wants %s", have, want)
	}
	if !regexp.MustCompile(`(?m)^USER \d+:\d+$`).MatchString(text) {
		t.Error("the user is not given by number: Kubernetes cannot tell that it is not root")
	}
	line := regexp.MustCompile(`(?m)^CMD \[(.*)\]$`).FindStringSubmatch(text)
	if line == nil {
		t.Fatal("no CMD in exec form: a shell would be the first process")
	}
	grace := regexp.MustCompile(`terminationGracePeriodSeconds: (\d+)`).FindStringSubmatch(text)
	seconds, err := strconv.Atoi(grace[1])
	if stop := stopTimeoutOf(t, line[1]); err != nil || time.Duration(seconds)*time.Second < stop+30*time.Second {
		t.Errorf("told to allow %d s to stop with a stop timeout of %s: %v", seconds, stop, err)
	}
	if strings.Contains(line[1], "launcher") && !isLauncher(line[1]) {
		t.Errorf("the first process would not know %s for a launcher", line[1])
	}
}

func isLauncher(cmd string) bool {
	for arg := range strings.SplitSeq(cmd, ",") {
		if strings.Trim(arg, ` "`) == "launcher" {
			return true
		}
	}
	return false
}
