package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestFaults is the bounded form, on a seed of its own each time; FAULTS_SEED is for a failing one.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT RUN: -short")
	}
	binary := filepath.Join(t.TempDir(), "faults")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seed, _ := strconv.ParseUint(os.Getenv("FAULTS_SEED"), 10, 32) // 0: a random one
	var out, log strings.Builder
	cmd := exec.CommandContext(t.Context(), binary, "-bound", "-seed", strconv.FormatUint(seed, 10), "-output", "json")
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	var v verdict
	if jsonErr := json.Unmarshal([]byte(out.String()), &v); jsonErr != nil {
		t.Fatalf("no summary (%v, %v)\n%s", err, jsonErr, log.String())
	}
	for _, f := range v.Findings {
		t.Errorf("%s: %s", f.Kind, f.Detail)
	}
	struck := 0
	for _, n := range v.Struck {
		struck += n
	}
	if struck == 0 || v.Zuul["fulfilled"] == 0 {
		t.Error("nothing was tried")
	}
	if v.Pages["/health 200"] == 0 || v.Pages["/ready 200"] == 0 || v.Pages["reads of the stream"] == 0 {
		t.Errorf("nobody looked at the pages: %v", v.Pages)
	}
	for name, n := range v.NotRun {
		t.Logf("NOT RUN on this machine: %s, %d times", name, n)
		if os.Getenv("CI") != "" {
			t.Error("CI needs root to run it")
		}
	}
	if t.Failed() || err != nil {
		t.Errorf("%v; replay with: %s\n%s", err, v.Replay, log.String())
	}
	t.Logf("seed %d: %v, %v, %v", v.Seed, v.Struck, v.Zuul, v.Pages)
}

// A schedule is printed with the command that runs it again.
func TestReplay(t *testing.T) {
	o, err := parse([]string{"-seed", "5", "-bound", "-launchers", "2", "-without", "clock, kill"})
	if err != nil {
		t.Fatal(err)
	}
	text := o.again()
	quoted := strings.Split(text, "'")
	same, err := parse(strings.Fields(quoted[1]))
	if err != nil || same.again() != text || o.For != 40*time.Second {
		t.Errorf("%s gives %v, %v", text, same, err)
	}
	for _, wrong := range [][]string{{"-without", "kil"}, {"-launchers", "3"}, {"-output", "xml"}, {"x"}} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}
