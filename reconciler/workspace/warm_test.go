package workspace

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
	simcloud "github.com/nodepool-tf/nodepool-tf/testdata/provider"
)

const slowModule = `
terraform {
  required_providers { simcloud = { source = "` + simcloud.Source + `" } }
}
variable "name" { type = string }
variable "latency" {
  type    = string
  default = "0s"
}
resource "simcloud_server" "vm" {
  name    = var.name
  latency = var.latency
}
output "interface_ip" { value = simcloud_server.vm.ipv4 }
`

const pluginSecret = "s3cr3t-t0ken"

// servers is a bench whose nodes are servers of the test provider.
type servers struct {
	*bench
	books string
}

// TestPlugins are the tests of running provider plugins; they share the provider's build.
func TestPlugins(t *testing.T) {
	config, err := simcloud.Mirror(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_CLI_CONFIG_FILE", config)
	for name, test := range map[string]func(*testing.T){
		"shared":               pluginShared,
		"died between runs":    pluginDiesBetweenRuns,
		"died in mid-run":      pluginDiesInMidRun,
		"died before the run":  pluginDiesBeforeTheRun,
		"hangs":                pluginHangs,
		"timeout":              timeoutLeavesNeighbour,
		"signal":               signalLeavesNeighbour,
		"used up":              pluginUsedUp,
		"daemon restarted":     pluginOutlivesDaemon,
		"daemon gone":          pluginEndsWithLastWorker,
		"configuration":        pluginPerConfiguration,
		"rotated credentials":  pluginForRotatedCredentials,
		"module configures":    moduleConfiguresItsProvider,
		"off":                  pluginsOff,
		"not fit to be shared": pluginNotFit,
	} {
		t.Run(name, test)
	}
}

func newServers(t *testing.T, opts ...func(*Options)) *servers {
	t.Helper()
	s := &servers{books: t.TempDir()}
	s.bench = newBench(t, opts...)
	write(t, filepath.Join(s.source, "main.tf"), slowModule)
	t.Cleanup(func() {
		if s.m != nil {
			s.m.Close()
			s.m = nil
		}
		if left := s.running(); len(left) > 0 {
			t.Errorf("plugins still run: %v", left)
		}
		if strings.Contains(s.log.String(), pluginSecret) {
			t.Error("the log holds the secret")
		}
	})
	return s
}

func (s *servers) server(node string, with ...func(*Order)) Order {
	s.t.Helper()
	return s.order(node, append([]func(*Order){func(o *Order) {
		delete(o.Spec.Inputs, "hand")
		o.Spec.RequiredProviders = map[string]modules.RequiredProvider{"simcloud": {Source: simcloud.Source, Version: "~> 0.1"}}
		o.Spec.ProviderConfig = map[string]any{"simcloud": map[string]any{"books": s.books, "token": pluginSecret}}
	}}, with...)...)
}

func token(text string) func(*Order) {
	return func(o *Order) { o.Spec.ProviderConfig["simcloud"].(map[string]any)["token"] = text }
}

func latency(d time.Duration) func(*Order) { return with("latency", d.String()) }

// running lists the processes that run in the folder of the plugins.
func (s *servers) running() []int { return pluginsIn(s.dir) }

func pluginsIn(state string) []int {
	var pids []int
	found, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range found {
		if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, filepath.Join(state, "plugins")+"/") {
			var pid int
			if _, err := fmt.Sscanf(link, "/proc/%d/cwd", &pid); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// only is the one plugin that runs.
func (s *servers) only() int {
	s.t.Helper()
	s.eventually("one plugin runs", func() bool { return len(s.running()) == 1 })
	return s.running()[0]
}

// begun waits until a server is in the books: its creation is under way.
func (s *servers) begun(nodes ...string) {
	s.t.Helper()
	for _, n := range nodes {
		s.eventually("server "+n+" is in the books", func() bool { return slices.Contains(s.booked(), n) })
	}
}

// booked lists the names of all servers there are.
func (s *servers) booked() []string {
	var names []string
	found, _ := filepath.Glob(filepath.Join(s.books, "*.server"))
	for _, f := range found {
		data, _ := os.ReadFile(f)
		names = append(names, string(data))
	}
	slices.Sort(names)
	return names
}

// launched makes nodes one after the other.
func (s *servers) launched(nodes ...string) {
	s.t.Helper()
	for _, n := range nodes {
		s.m.Launch(s.server(n))
		s.created(n)
	}
}

// settled waits until nothing is under way: nodes are told before their run ends.
func (s *servers) settled() {
	s.t.Helper()
	s.eventually("nothing is under way", func() bool { st := s.m.Stats(); return st.Creating+st.Destroying == 0 })
}

// job is the newest job of a node, with its workspace's folder.
func (s *servers) job(node string) (execute.Job, string) {
	s.t.Helper()
	for _, dir := range s.folders() {
		var job execute.Job
		data, err := os.ReadFile(filepath.Join(dir, "run", "job.json"))
		if err == nil && json.Unmarshal(data, &job) == nil && slices.Contains(job.Slots, SlotName(node, 1)) {
			return job, dir
		}
	}
	s.t.Fatalf("node %s has no run", node)
	return execute.Job{}, ""
}

func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(err)
	}
}

// pluginShared: one process serves creates and destroys, is there before the first of them, and ends with the manager.
func pluginShared(t *testing.T) {
	s := newServers(t)
	if err := s.m.Prepare(t.Context(), s.server("0")); err != nil {
		t.Fatal(err)
	}
	pid := s.only()
	s.launched("1", "2")
	s.destroy("1")
	if again := s.only(); again != pid {
		t.Errorf("plugin %d, then %d", pid, again)
	}
	st := s.m.Plugins()
	if st.Reattached != 3 || st.Starts != 1 || len(st.Ordinary) != 0 || st.Running != 1 {
		t.Errorf("%+v", st)
	}
	if n := strings.Count(s.log.String(), "plugins=warm"); n != 3 {
		t.Errorf("%d warm runs in the log", n)
	}
	records, _ := filepath.Glob(filepath.Join(s.dir, "plugins", "*", "process.json"))
	if len(records) != 1 {
		t.Fatalf("records %v", records)
	}
	data, err := os.ReadFile(records[0])
	if err != nil || strings.Contains(string(data), pluginSecret) {
		t.Errorf("record %s, %v", data, err)
	}
	for _, path := range []string{filepath.Join(s.dir, "plugins"), filepath.Dir(records[0]), filepath.Join(filepath.Dir(records[0]), "s")} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v, want mode 0700", path, info, err)
		}
	}
	s.destroy("2")
	s.gone()
	s.m.Close()
	s.m = nil
	if left, _ := os.ReadDir(filepath.Join(s.dir, "plugins")); len(left) > 0 || len(s.running()) > 0 {
		t.Errorf("left behind: %v, processes %v", left, s.running())
	}
}

func pluginDiesBetweenRuns(t *testing.T) {
	s := newServers(t)
	s.launched("1")
	pid := s.only()
	kill(t, pid, syscall.SIGKILL)
	s.eventually("it is dead", func() bool { return len(s.running()) == 0 }) // else the next run may still be given it
	s.launched("2")
	if again := s.only(); again == pid {
		t.Error("the dead plugin lives")
	}
	if st := s.m.Plugins(); st.Deaths != 1 || st.Starts != 2 || st.Reattached != 2 {
		t.Errorf("%+v", st)
	}
	s.destroy("1", "2")
	s.gone()
}

// pluginDiesInMidRun: the attempt fails, it is said what may be left, and the next attempt has another plugin.
func pluginDiesInMidRun(t *testing.T) {
	s := newServers(t)
	s.m.Launch(s.server("1", latency(30*time.Second)))
	s.begun("1")
	pid := s.only()
	kill(t, pid, syscall.SIGKILL)
	if o := s.wait("1", Failed, Created); o.Class() != execute.Unknown && o.Class() != execute.Killed {
		t.Errorf("class %s: %v", o.Class(), o.Err)
	}
	s.eventually("it is said what may be left", func() bool {
		return strings.Contains(s.log.String(), "stopped while it worked on resources") && strings.Contains(s.log.String(), "module.n1.simcloud_server.vm")
	})
	s.destroy("1")
	s.launched("2")
	if again := s.only(); again == pid {
		t.Error("the dead plugin lives")
	}
	s.destroy("2")
	s.gone()
}

// pluginDiesBeforeTheRun: a plugin that dies when the worker has asked it but Terraform has not costs nothing but time.
func pluginDiesBeforeTheRun(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	s := newServers(t, func(o *Options) {
		path := filepath.Join(t.TempDir(), "engine")
		write(t, path, fmt.Sprintf("#!/bin/sh\nif test -e %[1]s; then kill -9 $(cat %[1]s); rm %[1]s; fi\nexec %[2]s \"$@\"\n", victim, o.Engine.Path))
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
		o.Engine.Path = path
	})
	s.launched("1")
	write(t, victim, fmt.Sprint(s.only()))
	s.launched("2")
	if got := s.kinds("2"); got != "applying created" {
		t.Errorf("told %q", got)
	}
	s.settled()
	if st := s.m.Plugins(); st.Ordinary[warm.Died] != 1 || st.Reattached != 1 {
		t.Errorf("%+v", st)
	}
	if !strings.Contains(s.log.String(), "plugins=cold") || !strings.Contains(s.log.String(), "reason=died") {
		t.Error("the log does not say so")
	}
	s.destroy("1", "2")
	s.gone()
}

// pluginHangs: one that does not answer is left aside and replaced.
func pluginHangs(t *testing.T) {
	s := newServers(t)
	s.launched("1")
	pid := s.only()
	kill(t, pid, syscall.SIGSTOP)
	s.launched("2")
	s.settled()
	if st := s.m.Plugins(); st.Ordinary[warm.Silent] != 1 || st.Reattached != 1 {
		t.Errorf("%+v", st)
	}
	s.eventually("another has taken its place", func() bool {
		now := s.running()
		return len(now) == 1 && now[0] != pid
	})
	s.launched("3")
	if st := s.m.Plugins(); st.Reattached != 2 || st.Replacements != 1 {
		t.Errorf("%+v", st)
	}
	s.destroy("1", "2", "3")
	s.gone()
}

// timeoutLeavesNeighbour: a run whose time is up shares its plugin with another that takes longer still. The node that is
// late fails at once, its Terraform is let go on and killed in the end, and the neighbour notices nothing.
func timeoutLeavesNeighbour(t *testing.T) {
	s := newServers(t)
	s.launched("0")
	s.m.Launch(s.server("near", latency(12*time.Second)))
	s.m.Launch(s.server("late", latency(10*time.Minute), within(time.Second)))
	s.begun("near", "late")
	near, _ := s.job("near")
	late, dir := s.job("late")
	if len(near.Plugins) != 1 || near.Plugins[0].PID != late.Plugins[0].PID {
		t.Fatalf("they share no plugin: %+v, %+v", near.Plugins, late.Plugins)
	}
	o := s.wait("late", Failed, Created)
	if o.Class() != execute.Timeout || !strings.Contains(o.Err.Error(), "took longer than 1s") {
		t.Errorf("class %s: %v", o.Class(), o.Err)
	}
	if exists(filepath.Join(dir, "run", "result.json")) {
		t.Error("its run had to end before it was told")
	}
	s.destroy("late")
	if got := s.kinds("near"); got != "applying" {
		t.Errorf("meanwhile the neighbour was told %q", got)
	}
	s.created("near")
	if got := s.kinds("late"); got != "applying failed destroyed" {
		t.Errorf("told %q", got)
	}
	s.eventually("the plugin that may hang is replaced", func() bool { return s.only() != late.Plugins[0].PID })
	s.destroy("0", "near")
	s.gone()
}

// signalLeavesNeighbour: so does a worker that is told to end.
func signalLeavesNeighbour(t *testing.T) {
	s := newServers(t)
	s.launched("0")
	s.m.Launch(s.server("near", latency(8*time.Second)))
	s.m.Launch(s.server("late", latency(4*time.Second)))
	s.begun("near", "late")
	_, dir := s.job("late")
	pid := workerIn(t, dir)
	kill(t, pid, syscall.SIGTERM)
	if o := s.wait("late", Failed, Created); o.Class() != execute.Killed {
		t.Errorf("class %s: %v", o.Class(), o.Err)
	}
	s.destroy("late")
	if slices.Contains(s.booked(), "late") {
		t.Error("its server is left: its run was not let go on to its end")
	}
	s.created("near")
	s.destroy("0", "near")
	s.gone()
}

// workerIn is the pid of the worker in a workspace folder.
func workerIn(t *testing.T, dir string) int {
	t.Helper()
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		data, _ := os.ReadFile(path)
		args := strings.Split(string(data), "\x00")
		if len(args) > 2 && args[1] == workerArg && args[2] == dir {
			var pid int
			if _, err := fmt.Sscanf(path, "/proc/%d/cmdline", &pid); err == nil {
				return pid
			}
		}
	}
	t.Fatalf("no worker in %s", dir)
	return 0
}

// pluginUsedUp: the successor is there before the old one is left, which ends with its last run.
func pluginUsedUp(t *testing.T) {
	s := newServers(t, func(o *Options) { o.PluginBudget = warm.Budget{Uses: 2} })
	s.m.Launch(s.server("slow", latency(6*time.Second)))
	s.begun("slow")
	first := s.only()
	s.launched("1", "2")
	s.eventually("both run", func() bool { return len(s.running()) == 2 && slices.Contains(s.running(), first) })
	s.launched("3")
	job, _ := s.job("3")
	if len(job.Plugins) != 1 || job.Plugins[0].PID == first {
		t.Errorf("plugins of the next run: %+v", job.Plugins)
	}
	s.created("slow")
	s.eventually("the old one has ended", func() bool { return !slices.Contains(s.running(), first) })
	if st := s.m.Plugins(); st.Replacements < 1 || len(st.Ordinary) != 0 || st.Deaths != 0 {
		t.Errorf("%+v", st)
	}
	s.destroy("1", "2", "3", "slow")
	s.gone()
}

// pluginOutlivesDaemon: a worker keeps its plugin when the daemon stops, and the next daemon ends it after that.
func pluginOutlivesDaemon(t *testing.T) {
	s := newServers(t)
	s.m.Launch(s.server("1", latency(5*time.Second)))
	s.begun("1")
	pid := s.only()
	s.restart(func() {
		if got := s.running(); !slices.Equal(got, []int{pid}) {
			t.Errorf("between the daemons plugins %v run, want %d", got, pid)
		}
	})
	s.launched("2")
	job, _ := s.job("2")
	if len(job.Plugins) != 1 || job.Plugins[0].PID == pid {
		t.Errorf("plugins of the next run: %+v", job.Plugins)
	}
	s.created("1")
	s.eventually("the old one has ended", func() bool { return !slices.Contains(s.running(), pid) })
	s.destroy("1", "2")
	s.gone()
}

// pluginEndsWithLastWorker: without a daemon the last worker that uses a plugin ends it.
func pluginEndsWithLastWorker(t *testing.T) {
	s := newServers(t)
	s.launched("0")
	s.m.Launch(s.server("1", latency(2*time.Second)))
	s.m.Launch(s.server("2", latency(4*time.Second)))
	s.begun("1", "2")
	_, one := s.job("1")
	pid := s.only()
	s.restart(func() {
		s.eventually("the first run has ended", func() bool { return exists(filepath.Join(one, "run", "result.json")) })
		if got := s.running(); !slices.Equal(got, []int{pid}) {
			t.Errorf("plugins %v run, want %d", got, pid)
		}
		s.eventually("no plugin runs", func() bool { return len(s.running()) == 0 })
		s.eventually("nothing is left behind", func() bool {
			left, _ := os.ReadDir(filepath.Join(s.dir, "plugins"))
			return len(left) == 0
		})
	})
	s.created("1", "2")
	s.destroy("0", "1", "2")
	s.gone()
}

// pluginPerConfiguration: what is configured otherwise does not share a process.
func pluginPerConfiguration(t *testing.T) {
	s := newServers(t)
	s.launched("1")
	first := s.only()
	s.m.Launch(s.server("2", token("another")))
	s.created("2")
	if job, _ := s.job("2"); len(job.Plugins) != 1 || job.Plugins[0].PID == first || len(s.running()) != 2 {
		t.Errorf("plugins %+v, running %v", job.Plugins, s.running())
	}
	s.destroy("1", "2")
	s.gone()
}

// pluginForRotatedCredentials: a destroy uses the process of the configuration as it is now.
func pluginForRotatedCredentials(t *testing.T) {
	now := pluginSecret
	var s *servers
	s = newServers(t, func(o *Options) {
		o.ProviderConfig = func(string) map[string]any {
			return map[string]any{"simcloud": map[string]any{"books": s.books, "token": now}}
		}
	})
	s.launched("1")
	first := s.only()
	s.destroy("1")
	if got := s.running(); !slices.Equal(got, []int{first}) {
		t.Errorf("plugins %v, want %d", got, first)
	}
	s.launched("2")
	now = "rotated"
	s.destroy("2")
	if st := s.m.Plugins(); st.Starts != 2 || st.Reattached != 4 {
		t.Errorf("%+v", st)
	}
	s.gone()
}

// moduleConfiguresItsProvider: a process has but one configuration. And a node in the state needs the configuration that is
// in its block: one of two is destroyed beside the other.
func moduleConfiguresItsProvider(t *testing.T) {
	s := newServers(t, func(o *Options) { o.Batch = 2 })
	write(t, filepath.Join(s.source, "main.tf"), slowModule+fmt.Sprintf("provider \"simcloud\" {\n  books = %q\n}\n", s.books))
	bare := func(o *Order) { o.Spec.ProviderConfig = nil }
	s.together(s.server("1", bare), s.server("2", bare))
	s.settled()
	if seen := s.replica("1", bare); len(seen) != 2 {
		t.Errorf("for plan to look at: %v", seen)
	}
	s.m.Destroy("1")
	s.wait("1", Destroyed, DestroyFailed)
	if left := s.booked(); !slices.Equal(left, []string{"2"}) {
		t.Errorf("servers left: %v", left)
	}
	s.m.Destroy("2")
	s.wait("2", Destroyed, DestroyFailed)
	if st := s.m.Plugins(); st.Ordinary[warm.Configures] != 3 || st.Starts != 0 || st.Reattached != 0 {
		t.Errorf("%+v", st)
	}
	s.gone()
}

// replica lists the blocks in a folder in which plan looks at the destruction of a node.
func (s *servers) replica(node string, with ...func(*Order)) []string {
	s.t.Helper()
	base, err := s.m.bases.Get(s.t.Context(), s.server(node, with...).Spec)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := ReadFolder(s.dir, filepath.Base(s.folders()[0]))
	if err != nil {
		s.t.Fatal(err)
	}
	dir := filepath.Join(s.dir, "plans", "p")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := c.Write(dir, base, c.Destruction(map[string]bool{node: true}).Slots, nil); err != nil {
		s.t.Fatal(err)
	}
	blocks, err := filepath.Glob(filepath.Join(dir, "n*.tf"))
	if err != nil {
		s.t.Fatal(err)
	}
	return blocks
}

func pluginsOff(t *testing.T) {
	s := newServers(t, func(o *Options) { o.ColdPlugins = true })
	if err := s.m.Prepare(t.Context(), s.server("0")); err != nil {
		t.Fatal(err)
	}
	s.launched("1")
	s.destroy("1")
	if st := s.m.Plugins(); st.Ordinary[warm.Off] != 2 || st.Starts != 0 || len(s.running()) != 0 {
		t.Errorf("%+v", st)
	}
	if n := strings.Count(s.log.String(), "plugins=cold"); n != 2 {
		t.Errorf("%d cold runs in the log", n)
	}
	s.gone()
}

// pluginNotFit: one that does not serve without Terraform is started by Terraform.
func pluginNotFit(t *testing.T) {
	for name, says := range map[string]string{"garbage": "echo hello; exec sleep 600", "silence": "exec sleep 600"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			config, err := simcloud.Mirror(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("TF_CLI_CONFIG_FILE", config)
			found, err := filepath.Glob(filepath.Join(dir, "mirror", "*", "*", "*", "*", "*", "terraform-provider-*"))
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			if err := os.Rename(found[0], filepath.Join(filepath.Dir(found[0]), "real")); err != nil {
				t.Fatal(err)
			}
			// Terraform asks for TLS, which is how the two can be told apart.
			write(t, found[0], "#!/bin/sh\nif test -z \"$PLUGIN_CLIENT_CERT\"; then "+says+"; fi\nexec \"$(dirname \"$0\")/real\"\n")
			if err := os.Chmod(found[0], 0o700); err != nil {
				t.Fatal(err)
			}
			s := newServers(t)
			began := time.Now()
			s.launched("1", "2")
			if took := time.Since(began); took > 40*time.Second {
				t.Errorf("two launches took %v", took)
			}
			st := s.m.Plugins()
			if st.Reattached != 0 || st.Ordinary[warm.Failed]+st.Ordinary[warm.Starting] != 2 {
				t.Errorf("%+v", st)
			}
			s.destroy("1", "2")
			s.gone()
		})
	}
}

// TestPluginsNeverLearnOfRuns: the mark by which a killed run's leftovers are found is in no plugin's environment, even if
// the daemon itself has one.
func TestPluginsNeverLearnOfRuns(t *testing.T) {
	t.Setenv("NODEPOOL_TF_RUN", "some/1")
	if v, ok := execute.Environ()["NODEPOOL_TF_RUN"]; ok {
		t.Errorf("the environment has %q", v)
	}
}
