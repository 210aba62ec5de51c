package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// output is what the demo prints; it calls back when a text shows up.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	want string
	seen func()
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if o.seen != nil && strings.Contains(o.text.String(), o.want) {
		o.seen()
		o.seen = nil
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// build makes the daemon's binary.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nodepool-tf")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/nodepool-tf/nodepool-tf/cmd/nodepool-tf").CombinedOutput(); err != nil {
		t.Fatalf("build the daemon: %v\n%s", err, out)
	}
	return binary
}

// nothingLeft fails on processes and files of the demo.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	if pids := rig.Processes(dir); len(pids) > 0 {
		t.Errorf("processes left: %v", pids)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("files left in %s: %v, %v", dir, entries, err)
	}
}

func TestDemo(t *testing.T) {
	binary := build(t)
	t.Run("runs to its end", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		var out, problems output
		if code := run(t.Context(), options{daemon: binary, nodes: 2}, &out, &problems); code != 0 {
			t.Fatalf("exit code %d\n%s\n%s", code, &out, &problems)
		}
		for _, want := range []string{"requested", "pending", "building", "ready", "fulfilled", "hello from", "in-use", "used", "gone", "status 0", "Done."} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the demo does not show %q", want)
			}
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Error("colours in what is no terminal")
		}
		if t.Failed() {
			t.Log(out.String())
		}
		nothingLeft(t, dir)
	})
	// Ctrl-C at any moment leaves nothing behind.
	for _, moment := range []string{"tools ", "zookeeper ", "offers label", " pending", " apply", " ready", " in-use", " deleting"} {
		t.Run("interrupted at "+moment, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			out, problems := output{want: moment, seen: interrupt}, output{}
			if code := run(ctx, options{daemon: binary, nodes: 2}, &out, &problems); code != 130 && !strings.Contains(out.String(), "Done.") {
				t.Errorf("exit code %d\n%s\n%s", code, &out, &problems)
			}
			nothingLeft(t, dir)
		})
	}
}

func TestDemoWithoutDaemon(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out, problems output
	if code := run(t.Context(), options{daemon: "/does/not/exist"}, &out, &problems); code != 1 || !strings.Contains(problems.String(), "make build") {
		t.Errorf("exit code %d, %s", code, &problems)
	}
}

// A daemon that ends at once is told as such, with its last words.
func TestDemoWithBrokenDaemon(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho no such option >&2; exit 2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var out, problems output
	if code := run(t.Context(), options{daemon: broken, nodes: 1}, &out, &problems); code != 1 || !strings.Contains(problems.String(), "no such option") {
		t.Errorf("exit code %d, %s", code, &problems)
	}
	nothingLeft(t, dir)
}

func TestLogEvent(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 41, 2, 345e6, time.UTC)
	for _, c := range []struct {
		line string
		want event
		ok   bool
	}{
		{`time=2026-11-22T20:41:02.345Z level=INFO msg="apply started" workspace=w-1 nodes=2`, event{at, "workspace w-1", "apply", "nodes 2"}, true},
		{`time=2026-11-22T20:41:02.345Z level=INFO msg="apply finished" workspace=w-1 dur=12ms`, event{at, "workspace w-1", "applied", "in 12ms"}, true},
		{`time=2026-11-22T20:41:02.345Z level=INFO msg="apply started" workspace=w-1 kind=destroy nodes=1`, event{at, "workspace w-1", "destroy", "nodes 1"}, true},
		{`time=2026-11-22T20:41:02.345Z level=INFO msg="apply finished" workspace=w-1 kind=destroy dur=9ms`, event{at, "workspace w-1", "destroyed", "in 9ms"}, true},
		{`time=2026-11-22T20:41:02.345Z level=ERROR msg="apply finished" workspace=w-1 err="no \"x\" = y"`, event{at, "workspace w-1", "apply failed", `no "x" = y`}, true},
		{`time=2026-11-22T20:41:02.345Z level=INFO msg="host keys" node=0000000001 dur=5ms`, event{at, "node 0000000001", "host keys", "scanned in 5ms"}, true},
		{`time=2026-11-22T20:41:02.345Z level=INFO msg="node state" node=0000000001 state=ready`, event{}, false},
		{`panic: runtime error`, event{}, false},
		{`time="`, event{}, false},
		{``, event{}, false},
	} {
		got, ok := logEvent(c.line)
		if got != c.want || ok != c.ok {
			t.Errorf("%s\ngot %+v, %v", c.line, got, ok)
		}
	}
}

// Events heard of late still go to their place, and none is lost.
func TestTimelineOrder(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	s.happened(event{at: time.Now(), who: "before time 0"})
	zero := time.Now()
	s.begin(zero)
	s.happened(event{at: zero.Add(30 * time.Millisecond), who: "second", what: "ready"})
	s.happened(event{at: zero.Add(10 * time.Millisecond), who: "first", what: "apply", note: "late"})
	s.flush()
	want := "      10 ms  first                    apply          late\n      30 ms  second                   ready\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
