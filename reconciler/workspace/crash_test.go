package workspace

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// TestRestartWhileApplying: the run goes on, and the next daemon hands the node over once.
func TestRestartWhileApplying(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"goes on", "ends meanwhile", "fails meanwhile"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.say("1", "hold")
			b.launch("1")
			b.made("1")
			b.restart(func() {
				if when == "goes on" {
					return
				}
				if when == "fails meanwhile" {
					b.say("1", "fail")
				}
				b.unsay("1", "hold")
				b.eventually("the run has ended", func() bool { return exists(filepath.Join(b.folders()[0], "run", "result.json")) })
			})
			want := Created
			switch when {
			case "goes on":
				if s, ok := b.m.State("1"); !ok || s.Kind != Applying {
					t.Errorf("state %+v", s)
				}
				b.launch("1") // as a launcher might that knows no better
				b.unsay("1", "hold")
			case "fails meanwhile":
				want = Failed
			}
			o := b.wait("1", want)
			if want == Created && o.Fields.InterfaceIP != "127.0.0.1" || o.Request != "r1" || o.Attempt != 1 || o.Label != "small" {
				t.Errorf("outcome %+v", o)
			}
			if want == Failed && !strings.Contains(o.Err.Error(), "it fails") {
				t.Errorf("error %v", o.Err)
			}
			b.eventually("the run is settled", func() bool { return b.m.Stats().Creating == 0 })
			if got := b.kinds("1"); got != string(want) {
				t.Errorf("told %q", got)
			}
			b.restart(func() {})
			s, ok := b.m.State("1")
			if !ok || s.Kind != want || want == Failed && (s.Class() != o.Class() || !strings.Contains(s.Err.Error(), "it fails")) {
				t.Errorf("state after another restart %+v", s)
			}
			if got := b.kinds("1"); got != "" || b.times("1") != 1 {
				t.Errorf("told %q again, made %d times", got, b.times("1"))
			}
			b.destroy("1")
			b.gone()
		})
	}
}

// TestRestartWhileDestroying: the run is taken up, and a node that is being destroyed is never called created.
func TestRestartWhileDestroying(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.launch("1")
	b.created("1")
	b.say("1", "keep")
	b.m.Destroy("1")
	b.wait("1", DestroyFailed)
	b.restart(func() { b.unsay("1", "keep") })
	if s, ok := b.m.State("1"); ok && s.Kind != DestroyFailed {
		t.Errorf("state %+v", s)
	}
	b.wait("1", Destroyed)
	b.gone()
}

// TestDaemonKilled: a daemon that owns a manager is killed at any moment. The next one finds every node either unknown
// (and launches it) or on its way; each is made once, or fails as killed and is made again, and all can be destroyed.
func TestDaemonKilled(t *testing.T) {
	t.Parallel()
	nodes := []string{"1", "2", "3", "4", "5"}
	for _, moment := range []string{"bases/*", "workspaces/*", "workspaces/*/workspace.json", "workspaces/*/run", "workspaces/*/run/job.json", "workspaces/*/run/worker.log", "hand/1.made", "workspaces/*/run/result.json"} {
		t.Run(strings.ReplaceAll(moment, "/", "_"), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.restart(func() {
				args := append([]string{daemonArg, b.dir, b.source, b.hand}, nodes...)
				d := exec.Command(self()[0], args...)
				if err := d.Start(); err != nil {
					t.Fatal(err)
				}
				pattern := filepath.Join(b.dir, moment)
				if rest, ok := strings.CutPrefix(moment, "hand/"); ok {
					pattern = filepath.Join(b.hand, rest)
				}
				b.eventually("the moment has come", func() bool {
					found, _ := filepath.Glob(pattern)
					return len(found) > 0
				})
				_ = d.Process.Kill()
				_ = d.Wait()
			})
			for _, n := range nodes {
				b.eventually("node "+n+" is settled or unknown", func() bool {
					s, ok := b.m.State(n)
					return !ok || s.Kind != Applying && s.Kind != DestroyFailed
				})
				s, ok := b.m.State(n)
				switch {
				case !ok:
					b.launch(n)
				case s.Kind == Failed: // killed before its worker began
					if s.Class() != execute.Killed {
						t.Errorf("node %s failed: %v", n, s.Err)
					}
					b.destroy(n)
					b.m.Launch(b.order(n, attempt(2)))
				}
			}
			for _, n := range nodes {
				b.eventually("node "+n+" is created", func() bool {
					s, ok := b.m.State(n)
					return ok && s.Kind == Created
				})
			}
			for _, n := range nodes {
				if got := b.times(n); got != 1 {
					t.Errorf("node %s was made %d times", n, got)
				}
			}
			b.destroy(nodes...)
			b.gone()
		})
	}
}

// TestWorkerKilled: the node fails with class killed, its command is gone, and what its state knows is destroyed.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.say("1", "hold")
	b.launch("1")
	b.made("1")
	pid := workerOf(t, b.folders()[0])
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	o := b.wait("1", Failed, Created)
	if o.Class() != execute.Killed || !strings.Contains(o.Err.Error(), "killed") || !strings.Contains(o.Err.Error(), "out of memory?") {
		t.Errorf("error %v of class %s", o.Err, o.Class())
	}
	if pids := commands(b.hand); len(pids) > 0 {
		t.Errorf("still running: %v", pids)
	}
	if b.opts.Engine.Product == "opentofu" {
		t.Skip("NOT RUN: OpenTofu writes its local state every 20 seconds at most, so a kill forgets what was made")
	}
	if !strings.Contains(b.log.String(), "module.n1.terraform_data.vm") {
		t.Error("the log does not name what may have been made")
	}
	b.unsay("1", "hold")
	b.destroy("1")
	b.gone()
}

// workerOf finds the worker of a workspace by its command line.
func workerOf(t *testing.T, dir string) int {
	t.Helper()
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		data, err := os.ReadFile(p)
		if err == nil && strings.HasSuffix(string(data), "\x00"+workerArg+"\x00"+dir+"\x00") {
			var pid int
			if _, err := fmt.Sscanf(p, "/proc/%d/", &pid); err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("no worker runs in " + dir)
	return 0
}

// TestDamagedState: what a kill, a full disk or a hand left of the state does not make its nodes forgotten: destroying
// them runs their destroy-time provisioners, which only a state with the resource in it makes happen.
func TestDamagedState(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, state string){
		"torn": func(t *testing.T, state string) {
			data, err := os.ReadFile(state)
			if err != nil {
				t.Fatal(err)
			}
			write(t, state, string(data[:len(data)/2]))
		},
		"empty": func(t *testing.T, state string) { write(t, state, "") },
		"missing": func(t *testing.T, state string) {
			if err := os.Remove(state); err != nil {
				t.Fatal(err)
			}
		},
		"errored": func(t *testing.T, state string) {
			if err := os.Rename(state, filepath.Join(filepath.Dir(state), "errored.tfstate")); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(state + ".good"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.launch("1")
			b.created("1")
			b.eventually("its run has ended", func() bool { return b.m.Stats().Creating == 0 })
			b.restart(func() { damage(t, filepath.Join(b.folders()[0], execute.StateFile)) })
			b.eventually("the folder is looked at", func() bool { return strings.Contains(b.log.String(), "it was restored") })
			if s, ok := b.m.State("1"); !ok || s.Kind != Created {
				t.Errorf("state %+v", s)
			}
			b.destroy("1")
			b.gone()
		})
	}
}

// TestLostBeyondRepair: without any copy the node is kept, and the log says what to do.
func TestLostBeyondRepair(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]*string{"torn": new(`{"version": 4, "ser`), "empty": new(""), "missing": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.launch("1")
			b.created("1")
			b.eventually("its run has ended", func() bool { return b.m.Stats().Creating == 0 })
			state := filepath.Join(b.folders()[0], execute.StateFile)
			kept := filepath.Join(t.TempDir(), "kept")
			b.restart(func() {
				if err := os.Rename(state, kept); err != nil {
					t.Fatal(err)
				}
				if text != nil {
					write(t, state, *text)
				}
				if err := os.Remove(state + ".good"); err != nil {
					t.Fatal(err)
				}
			})
			b.m.Destroy("1")
			b.wait("1", DestroyFailed, Destroyed)
			if !strings.Contains(b.log.String(), "put a whole copy in place of "+state) {
				t.Error("the log does not say what to do")
			}
			if err := os.Rename(kept, state); err != nil {
				t.Fatal(err)
			}
			b.wait("1", Destroyed)
			b.gone()
		})
	}
}
