package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// newContainer is a rig whose launcher is the first process of a PID name space of its own, as in a container.
func newContainer(t *testing.T) *testRig {
	t.Helper()
	return newRig(t, gatedConfig, shortSession, inContainer(t))
}

// inContainer is the option of a rig that makes its launcher that.
func inContainer(t *testing.T) func(*rig.Options) {
	t.Helper()
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("NOT RUN: the launcher as a container's first process; it needs root")
	}
	return func(o *rig.Options) {
		script := filepath.Join(o.Dir, "container")
		text := fmt.Sprintf("#!/bin/sh\nexec unshare --pid --fork --mount-proc --kill-child=KILL '%s' \"$@\"\n", o.Binary)
		if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		o.Binary = script
	}
}

// children are the pids of a process's children, those that ended and were not waited for included.
func children(t *testing.T, pid int) (pids []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // each knows those that it began
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range threads {
		data, _ := os.ReadFile(path)
		for _, f := range strings.Fields(string(data)) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, n)
		}
	}
	return pids
}

// first is the pid, seen from here, of the container's first process; launcher is that of the launcher below it.
func (r *testRig) first() (first, launcher int) {
	r.t.Helper()
	r.eventually("a launcher below the container's first process", func() bool {
		for _, first = range children(r.t, r.Pid()) {
			for _, launcher = range children(r.t, first) {
				if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", launcher)); strings.Contains(string(line), "\x00launcher\x00") {
					return true
				}
			}
		}
		return false
	})
	return first, launcher
}

func (r *testRig) signalTo(pid int, s syscall.Signal) {
	r.t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		r.t.Fatal(err)
	}
}

func (r *testRig) several() (ids []string) {
	r.t.Helper()
	for range 3 {
		ids = append(ids, r.submit("gated"))
	}
	r.began(3)
	return ids
}

// served takes and gives back what was asked for, and holds the books against it.
func (r *testRig) served(ids []string) {
	r.t.Helper()
	for _, id := range ids {
		r.use(r.wait(id, record.RequestFulfilled))
	}
	r.empty()
	if n := r.books(); n["create"] != len(ids) || n["destroy"] != len(ids) {
		r.t.Errorf("books: %v, want %d created and destroyed", n, len(ids))
	}
}

// TestContainerLauncherKilled: a launcher that dies within a container is started again there, takes its runs up, and
// nothing that they leave stays a zombie.
func TestContainerLauncherKilled(t *testing.T) {
	t.Parallel()
	r := newContainer(t).start("--stop-timeout", "5s")
	ids := r.several()
	first, launcher := r.first()
	r.signalTo(launcher, syscall.SIGKILL)
	r.logged("run of an earlier daemon taken up")
	if len(r.Workers()) != 3 {
		t.Errorf("%d workers, want 3", len(r.Workers()))
	}
	r.gate("open")
	r.served(ids)
	r.eventually("no child but the launcher, dead or alive", func() bool { return len(children(t, first)) == 1 })
	r.signalTo(first, syscall.SIGTERM)
	if err := r.exited(); err != nil {
		t.Errorf("the container's end: %v", err)
	}
}

// TestContainerStop: a container that is told to stop, once or twice, stays until the last Terraform run has ended.
func TestContainerStop(t *testing.T) {
	t.Parallel()
	for name, signals := range map[string]int{"once": 1, "twice": 2} {
		t.Run(name, func(t *testing.T) {
			r := newContainer(t).start("--stop-timeout", "1s")
			ids := r.several()
			first, _ := r.first()
			for n := range signals {
				r.signalTo(first, syscall.SIGTERM)
				if n == 0 {
					r.logged("stopping")
				}
			}
			r.logged("this container ends with the last Terraform run")
			if len(r.Workers()) != 3 {
				t.Errorf("%d workers, want 3", len(r.Workers()))
			}
			r.gate("open")
			if err := r.exited(); (err == nil) != (signals == 1) {
				t.Errorf("the container's end after %d signals: %v", signals, err)
			}
			r.start()
			r.served(ids)
		})
	}
}

// TestContainerIdlePlugins: a container whose launcher was killed while it stopped does not wait for the plugins that were
// kept for runs to come.
func TestContainerIdlePlugins(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, inContainer(t))
	r.eventually("a plugin runs", func() bool { return len(r.Plugins()) == 1 })
	first, launcher := r.first()
	r.signalTo(launcher, syscall.SIGSTOP) // else it would have stopped before it is killed
	r.signalTo(first, syscall.SIGTERM)
	r.eventually("the signal has been passed on", func() bool { return pending(t, launcher, syscall.SIGTERM) })
	r.signalTo(launcher, syscall.SIGKILL)
	if err := r.exited(); err == nil {
		t.Error("the container left with status 0")
	}
	if left := r.Plugins(); len(left) > 0 {
		t.Errorf("plugins %v are left", left)
	}
	if strings.Contains(r.Log(), "ends with the last Terraform run") {
		t.Error("it said that it waits for runs")
	}
}

// pending reports whether a process has a signal before it that it has not taken yet.
func pending(t *testing.T, pid int, s syscall.Signal) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if set, ok := strings.CutPrefix(line, "ShdPnd:"); ok {
			mask, err := strconv.ParseUint(strings.TrimSpace(set), 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return mask&(1<<(s-1)) != 0
		}
	}
	return false
}

// TestContainerEnd: all processes of a container are killed together. The next one makes good what they left.
func TestContainerEnd(t *testing.T) {
	t.Parallel()
	r := newContainer(t).start()
	ids := r.several()
	first, _ := r.first()
	r.signalTo(first, syscall.SIGKILL)
	if err := r.exited(); err == nil {
		t.Error("the container left with status 0")
	}
	r.eventually("all died with it", func() bool { return len(rig.Processes(r.StateDir)) == 0 })
	r.start()
	r.gate("open")
	r.served(ids)
}

// TestContainerReload: a container's SIGHUP reaches the launcher, which loads its configuration and goes on.
func TestContainerReload(t *testing.T) {
	t.Parallel()
	r := newContainer(t).start()
	ids := r.several()
	first, launcher := r.first()
	r.signalTo(first, syscall.SIGHUP)
	r.logged("configuration loaded; nothing changes with it")
	r.gate("open")
	r.served(ids)
	if again, now := r.first(); again != first || now != launcher {
		t.Errorf("launcher %d below %d, before %d below %d", now, again, launcher, first)
	}
	r.signalTo(first, syscall.SIGTERM)
	if err := r.exited(); err != nil {
		t.Errorf("the container's end: %v", err)
	}
}
