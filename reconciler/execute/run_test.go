package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// gated is a module whose node is complete when the file that go names exists, and that says in started when it waits.
func gated(dir string) (module, started, gate string) {
	started, gate = filepath.Join(dir, "started"), filepath.Join(dir, "go")
	return fmt.Sprintf(`
resource "terraform_data" "early" { input = "early" }
resource "terraform_data" "vm" {
  depends_on = [terraform_data.early]
  provisioner "local-exec" { command = "echo $$ > %s; while ! test -e %s; do sleep 0.02; done" }
}
output "id" { value = terraform_data.vm.id }`, started, gate), started, gate
}

func workerPID(r *Run) int { return r.cmd.Process.Pid }

func TestRunTellsWhatHappened(t *testing.T) {
	t.Parallel()
	s := newSite(t, `
resource "terraform_data" "vm" {
  input = "x"
  provisioner "local-exec" {
    when    = destroy
    command = "touch ${self.output}.destroyed"
  }
}
output "id" { value = terraform_data.vm.id }`)
	dir := s.workspace(t, "n1")
	rep, events := follow(t, s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}}))
	if rep.Error != "" || rep.Killed || !rep.Interrupted.IsZero() || rep.Wall <= 0 || rep.CPU <= 0 || rep.MaxRSS < 1<<20 {
		t.Errorf("report %+v", rep)
	}
	var complete []string
	for _, e := range events {
		if e.Type == "apply_complete" {
			complete = append(complete, e.Address+" "+e.Action)
		}
	}
	if want := []string{"module.n1.terraform_data.vm create", "terraform_data.n1 create"}; !slices.Equal(complete, want) {
		t.Errorf("complete %v, want %v", complete, want)
	}
	for _, f := range []string{StateFile, goodFile, "run/events.jsonl", "run/job.json", "run/result.json", "run/worker.log", "main.tf"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v, want mode 600", f, info, err)
		}
	}
	for _, f := range []string{"run", ".terraform"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v, want mode 700", f, info, err)
		}
	}
	rep, _ = follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}}))
	if rep.Error != "" || !exists(filepath.Join(dir, "x.destroyed")) {
		t.Errorf("destroy: %q; destroy-time provisioner ran: %v", rep.Error, exists(filepath.Join(dir, "x.destroyed")))
	}
	if info, err := os.Stat(filepath.Join(dir, backupFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("backup: %v %v", info, err)
	}
}

// TestAdopt: a run is followed from its beginning by whoever comes later, while it goes on and after its end, and no
// second worker can start in its folder.
func TestAdopt(t *testing.T) {
	t.Parallel()
	module, started, gate := gated(t.TempDir())
	s := newSite(t, module)
	dir := s.workspace(t, "n1")
	if r, err := Adopt(dir); r != nil || err != nil {
		t.Fatalf("a run where there is none: %v %v", r, err)
	}
	first := s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}})
	defer first.reap()
	eventually(t, "the node is being made", func() bool { return exists(started) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := first.Follow(ctx, nil, func(Event) {}); !errors.Is(err, context.Canceled) {
		t.Fatalf("follow ended with %v", err)
	}
	if _, err := Start(self(t), dir, first.Job); err == nil || !strings.Contains(err.Error(), "in use by another worker") {
		t.Errorf("a second worker: %v", err)
	}
	for _, when := range []string{"running", "ended"} {
		r, err := Adopt(dir)
		if err != nil || r == nil || r.Job.ID != first.Job.ID {
			t.Fatalf("%s: %+v %v", when, r, err)
		}
		write(t, gate, "")
		rep, events := follow(t, r)
		if rep.Error != "" || rep.Killed || !slices.ContainsFunc(events, func(e Event) bool { return e.Type == "apply_complete" && e.Address == "terraform_data.n1" }) {
			t.Errorf("%s: %+v %v", when, rep, events)
		}
	}
}

// TestWorkerKilled: the one who follows learns it, what the worker started is gone, and the state as far as it was
// written is still there.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	module, started, _ := gated(t.TempDir())
	s := newSite(t, module)
	if s.engine.Product == "opentofu" {
		t.Skip("NOT RUN: OpenTofu writes its local state every 20 seconds at most, so a kill forgets what was made")
	}
	dir := s.workspace(t, "n1")
	r := s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}})
	eventually(t, "the node is being made", func() bool { return exists(started) })
	eventually(t, "the state is copied", func() bool { return exists(filepath.Join(dir, goodFile)) })
	if err := syscall.Kill(workerPID(r), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	rep, _ := follow(t, r)
	if !rep.Killed || !strings.Contains(rep.Error, "killed") {
		t.Errorf("report %+v", rep)
	}
	if pids := leftovers(r.Job.ID); len(pids) > 0 {
		t.Errorf("left running: %v", pids)
	}
	view, err := ReadState(dir)
	if err != nil || view.Empty("n1") {
		t.Errorf("what was made is forgotten: %+v %v", view, err)
	}
	rep, _ = follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}}))
	if view, err = ReadState(dir); rep.Error != "" || err != nil || view.Total() != 0 {
		t.Errorf("destroy: %q %v %+v", rep.Error, err, view)
	}
}

// TestTerraformKilled: what a killed Terraform leaves running, commands and plugins, is ended by its worker.
func TestTerraformKilled(t *testing.T) {
	t.Parallel()
	module, started, _ := gated(t.TempDir())
	s := newSite(t, module)
	dir := s.workspace(t, "n1")
	r := s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}})
	eventually(t, "the node is being made", func() bool { return exists(started) })
	for _, pid := range children(workerPID(r)) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	rep, _ := follow(t, r)
	if rep.Killed || !strings.Contains(rep.Error, "killed") {
		t.Errorf("report %+v", rep)
	}
	if pids := leftovers(r.Job.ID); len(pids) > 0 {
		t.Errorf("left running: %v", pids)
	}
}

// TestLeaseLost: a worker whose launcher has not renewed its lease for too long ends its run.
func TestLeaseLost(t *testing.T) {
	t.Parallel()
	module, started, gate := gated(t.TempDir())
	s := newSite(t, module)
	if err := RenewLease(s.dir); err != nil {
		t.Fatal(err)
	}
	dir := s.workspace(t, "n1")
	r := s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}})
	eventually(t, "the node is being made", func() bool { return exists(started) })
	write(t, gate, "")
	if rep, _ := follow(t, r); rep.Error != "" {
		t.Errorf("with a lease: %q", rep.Error)
	}
	old := time.Now().Add(-LeaseLimit - time.Second)
	if err := os.Chtimes(filepath.Join(s.dir, leaseFile), old, old); err != nil {
		t.Fatal(err)
	}
	rep, _ := follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}}))
	if rep.Interrupted.IsZero() || rep.TimedOut || rep.Error != errLeaseLost.Error() {
		t.Errorf("without one: %+v", rep)
	}
}

// TestKilledAtItsStart: a worker that dies before Terraform begins, or that cannot even start it.
func TestKilledAtItsStart(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	dir := s.workspace(t, "n1")
	r, err := Start([]string{script(t, "worker", "echo no worker today >&2; exit 3")}, dir, Job{ID: "1", Kind: Create, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if rep, _ := follow(t, r); !rep.Killed || !strings.Contains(rep.Error, "no worker today") {
		t.Errorf("report %+v", rep)
	}
	s.engine.Path = "/nonexistent/terraform"
	if rep, _ := follow(t, s.start(t, dir, Job{Kind: Create})); rep.Killed || !strings.Contains(rep.Error, "/nonexistent/terraform") {
		t.Errorf("report %+v", rep)
	}
	if _, err := Start([]string{"/nonexistent/worker"}, dir, Job{ID: "2"}); err == nil || !strings.Contains(err.Error(), "start worker") {
		t.Errorf("error %v", err)
	}
	// The daemon was killed between the job file and the worker.
	lost, err := Adopt(dir)
	if err != nil || lost == nil {
		t.Fatal(lost, err)
	}
	if rep, _ := follow(t, lost); !rep.Killed {
		t.Errorf("report %+v", rep)
	}
}

// TestInterrupt: a run that hangs is interrupted when its time is up, or when its worker gets a signal; what it started
// is gone, and what it made is in the state. A process that made itself a session is a server, and stays.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		timeout time.Duration
		signal  bool
		want    string
	}{
		{name: "timeout", timeout: 1500 * time.Millisecond, want: "longer than 1.5s"},
		{name: "signal", timeout: time.Minute, signal: true, want: "interrupted by signal: terminated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			marks := t.TempDir()
			server := filepath.Join(marks, "server")
			s := newSite(t, `
resource "terraform_data" "early" {
  provisioner "local-exec" { command = "setsid -f sh -c 'echo $$ > `+server+`; exec sleep 600' > /dev/null 2>&1; while ! test -s `+server+`; do sleep 0.01; done" }
}
resource "terraform_data" "vm" {
  depends_on = [terraform_data.early]
  provisioner "local-exec" { command = "sleep 601 & echo $$ > `+marks+`/started; sleep 602; true" }
}
output "id" { value = terraform_data.vm.id }`)
			dir := s.workspace(t, "n1")
			r := s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}, Timeout: c.timeout})
			if c.signal {
				eventually(t, "the node is being made", func() bool { return exists(filepath.Join(marks, "started")) })
				for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGTERM} {
					if err := syscall.Kill(workerPID(r), sig); err != nil {
						t.Fatal(err)
					}
				}
			}
			rep, _ := follow(t, r)
			if rep.Killed || rep.Interrupted.IsZero() || rep.TimedOut == c.signal || !strings.Contains(rep.Error, c.want) {
				t.Errorf("report %+v", rep)
			}
			if pids := leftovers(r.Job.ID); len(pids) > 0 {
				t.Errorf("left running: %v", pids)
			}
			if view, err := ReadState(dir); err != nil || view.Empty("n1") {
				t.Errorf("what was made is forgotten: %+v %v", view, err)
			}
			data, err := os.ReadFile(server)
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			if session(pid) == "" {
				t.Error("a server that the module started was killed too")
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
		})
	}
}

// TestTerraformIgnoresTheInterrupt: it is killed when its grace is over, and a child that holds its output open cannot
// keep the worker.
func TestTerraformIgnoresTheInterrupt(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	dir := s.workspace(t, "n1")
	s.engine.Path = script(t, "engine", `trap '' INT TERM; sleep 600; sleep 600`)
	rep, _ := follow(t, s.start(t, dir, Job{Kind: Create, Timeout: 100 * time.Millisecond, Grace: 100 * time.Millisecond}))
	if !rep.TimedOut {
		t.Errorf("report %+v", rep)
	}
}

// TestTornByAKill: the state as a kill in the middle of a write leaves it is restored from the copy.
func TestTornByAKill(t *testing.T) {
	t.Parallel()
	module, started, _ := gated(t.TempDir())
	s := newSite(t, module)
	if s.engine.Product == "opentofu" {
		t.Skip("NOT RUN: OpenTofu writes its local state every 20 seconds at most, so a kill forgets what was made")
	}
	dir := s.workspace(t, "n1")
	r := s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}})
	eventually(t, "the node is being made", func() bool { return exists(started) })
	eventually(t, "the state is copied", func() bool { v, ok := whole(filepath.Join(dir, goodFile)); return ok && v.Resources["n1"] == 1 })
	if err := syscall.Kill(workerPID(r), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	follow(t, r)
	for _, text := range []string{"", `{"version": 4, "ser`} {
		write(t, filepath.Join(dir, StateFile), text)
		view, err := ReadState(dir)
		if err != nil || view.Restored != goodFile || view.Resources["n1"] != 1 {
			t.Errorf("after %q: %+v %v", text, view, err)
		}
	}
	rep, _ := follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}, Whole: true}))
	if view, err := ReadState(dir); rep.Error != "" || err != nil || view.Total() != 0 {
		t.Errorf("destroy: %q %v %+v", rep.Error, err, view)
	}
}

// TestKilledWhilePlanning leaves the empty state file behind with which every run begins; the next run takes it for no
// state.
func TestKilledWhilePlanning(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	dir := s.workspace(t, "n1")
	if err := privateState(dir); err != nil {
		t.Fatal(err)
	}
	view, err := ReadState(dir)
	if err != nil || view.Total() != 0 {
		t.Fatalf("%+v %v", view, err)
	}
	rep, _ := follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}}))
	if rep.Error != "" {
		t.Error(rep.Error)
	}
}

// TestFollowWithoutWatches: where the kernel gives no inotify watch the clock does.
func TestFollowWithoutWatches(t *testing.T) {
	w := watch("/nonexistent")
	defer w.close()
	if w.w != nil || w.events != nil {
		t.Fatal("a watch on nothing")
	}
	<-w.tick.C
}

// TestDiskFull: the disk fills up while Terraform runs. It cannot write its state anywhere and prints it; the worker
// keeps that until there is room, and nothing is forgotten.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("needs root: it mounts a small tmpfs")
	}
	s := newSite(t, "")
	ballast := filepath.Join(s.dir, "ballast")
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", s.dir).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", s.dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	write(t, filepath.Join(s.spec.Module.Source, "main.tf"), `
resource "terraform_data" "early" {
  provisioner "local-exec" { command = "cat /dev/zero > `+ballast+` 2> /dev/null || true" }
}
resource "terraform_data" "vm" {
  input      = join("", [for i in range(1000) : "${i} does not fit into the page that the state has"])
  depends_on = [terraform_data.early]
}
output "id" { value = terraform_data.vm.id }`)
	dir := s.workspace(t, "n1")
	r := s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}})
	eventually(t, "Terraform has ended and its worker waits", func() bool {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", workerPID(r), workerPID(r)))
		return exists(ballast) && err == nil && len(children) == 0 && exists(filepath.Join(dir, erroredFile))
	})
	if exists(runPath(dir, resultFile)) {
		t.Fatal("the run has ended while its state is nowhere")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	rep, events := follow(t, r)
	if !strings.Contains(rep.Error, "exit status 1") || rep.Killed {
		t.Errorf("report %+v", rep)
	}
	if !slices.ContainsFunc(events, func(e Event) bool {
		return e.Diagnostic != nil && strings.Contains(e.Diagnostic.Text(), "no space left")
	}) {
		t.Error("the reason is not among the events")
	}
	made := 0
	for _, e := range events {
		if e.Type == "apply_complete" && e.Slot() == "n1" {
			made++
		}
	}
	view, err := ReadState(dir)
	if err != nil || view.Restored != erroredFile || made == 0 || view.Resources["n1"] != made {
		t.Fatalf("%d resources were made; %+v %v", made, view, err)
	}
	rep, _ = follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}, Whole: true}))
	if view, err = ReadState(dir); rep.Error != "" || err != nil || view.Total() != 0 {
		t.Errorf("destroy: %q %v %+v", rep.Error, err, view)
	}
}
