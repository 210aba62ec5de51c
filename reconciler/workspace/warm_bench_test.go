package workspace

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// BenchmarkApply is what the apply of one node costs, in a simulated cloud that takes no time: with a running plugin, with
// Terraform starting it, and by a bare `terraform apply`. The three take turns, so that what else the machine does weighs
// on all alike. CPU is that of Terraform and of the plugin, without the worker. Medians.
func BenchmarkApply(b *testing.B) {
	cli, err := cloud.Mirror(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("TF_CLI_CONFIG_FILE", cli)
	c, err := cloud.Start(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Stop)
	if err := c.Configure(b.Context(), "acme", api.Settings{}); err != nil {
		b.Fatal(err)
	}
	config := map[string]any{"simcloud": map[string]any{"endpoint": c.Endpoint(), "project": "acme"}}
	warm, cold := newApplier(b, config, false), newApplier(b, config, true)
	bare := bareTerraform(b, warm.engine, config)
	walls, cpus := map[string][]time.Duration{}, map[string][]time.Duration{}
	note := func(kind string, wall, cpu time.Duration) {
		walls[kind], cpus[kind] = append(walls[kind], wall), append(cpus[kind], cpu)
	}
	for i := 0; b.Loop(); i++ {
		wall, cpu := warm.apply(b, i)
		note("warm", wall, cpu)
		wall, cpu = cold.apply(b, i)
		note("cold", wall, cpu)
		wall, cpu = bare(i)
		note("bare", wall, cpu)
	}
	for kind := range walls {
		b.ReportMetric(float64(median(walls[kind]).Milliseconds()), kind+"-ms")
		b.ReportMetric(float64(median(cpus[kind]).Milliseconds()), kind+"-cpu-ms")
	}
	b.ReportMetric(0, "ns/op") // of no use here
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

type applier struct {
	m      *Manager
	dir    string
	engine execute.Engine
	config map[string]any
	told   chan Outcome
}

func newApplier(b *testing.B, config map[string]any, coldPlugins bool) *applier {
	b.Helper()
	e, err := execute.FindEngine(b.Context(), execute.EngineOptions{Path: os.Getenv("NODEPOOL_TF_ENGINE")})
	if err != nil {
		b.Fatal(err)
	}
	a := &applier{dir: b.TempDir(), engine: e, config: config, told: make(chan Outcome, 100)}
	a.m, err = Open(Options{Dir: a.dir, Self: self(), Engine: e, Log: slog.New(slog.DiscardHandler), ColdPlugins: coldPlugins, Notify: func(o Outcome) { a.told <- o }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(a.m.Close)
	if err := a.m.Prepare(b.Context(), a.order(-1)); err != nil {
		b.Fatal(err)
	}
	a.apply(b, -1)
	return a
}

func (a *applier) order(i int) Order {
	return order(rig.Module("simcloud"), "", strconv.Itoa(1000+i), func(o *Order) {
		delete(o.Spec.Inputs, "hand")
		o.Spec.RequiredProviders = map[string]modules.RequiredProvider{"simcloud": {Source: cloud.Source}}
		o.Spec.ProviderConfig = a.config
		output("interface_ip", "output.public_ipv4")(o)
	})
}

// apply launches a node and returns what its run took.
func (a *applier) apply(b *testing.B, i int) (wall, cpu time.Duration) {
	b.Helper()
	before := map[int]time.Duration{}
	for _, pid := range pluginsIn(a.dir) {
		before[pid] = cpuOf(pid)
	}
	o := a.order(i)
	a.m.Launch(o)
	for told := range a.told {
		if told.Kind == Failed {
			b.Fatal(told.Err)
		}
		if told.Kind == Created {
			break
		}
	}
	for a.m.Stats().Creating > 0 {
		time.Sleep(time.Millisecond)
	}
	found, err := filepath.Glob(filepath.Join(a.dir, "workspaces", "*", SlotName(o.Node, 1)+".tf"))
	if err != nil || len(found) != 1 {
		b.Fatal(found, err)
	}
	var rep execute.Report
	data, err := os.ReadFile(filepath.Join(filepath.Dir(found[0]), "run", "result.json"))
	if err == nil {
		err = json.Unmarshal(data, &rep)
	}
	if err != nil || rep.Error != "" {
		b.Fatal(rep.Error, err)
	}
	cpu = rep.CPU
	for pid, was := range before {
		cpu += cpuOf(pid) - was
	}
	return rep.Wall, cpu
}

// cpuOf is the processor time that a process has used, in steps of 10 ms.
func cpuOf(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// bareTerraform initialises the same module with the same provider and applies it with a state of its own each time.
func bareTerraform(b *testing.B, e execute.Engine, config map[string]any) func(i int) (wall, cpu time.Duration) {
	b.Helper()
	dir := b.TempDir()
	main := fmt.Sprintf("terraform {\n  required_providers { simcloud = { source = %q } }\n}\nvariable \"name\" {}\nmodule \"node\" {\n  source = %q\n  name = var.name\n}\noutput \"all\" { value = module.node }\n", cloud.Source, rig.Module("simcloud"))
	providers, err := json.Marshal(map[string]any{"provider": config})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "providers.tf.json"), providers, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	terraform := func(args ...string) *exec.Cmd {
		b.Helper()
		cmd := exec.Command(e.Path, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		return cmd
	}
	terraform("init")
	return func(i int) (time.Duration, time.Duration) {
		began := time.Now()
		cmd := terraform("apply", "-auto-approve", "-input=false", "-refresh=false", fmt.Sprintf("-state=s%d", i), fmt.Sprintf("-var=name=bare%d", i))
		return time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
}
