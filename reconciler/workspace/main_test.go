package workspace

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// The test binary is also the worker, and the daemon that is killed.
const (
	workerArg = "test-worker"
	daemonArg = "test-daemon"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == workerArg:
		if err := execute.RunWorker(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case len(os.Args) > 2 && os.Args[1] == daemonArg:
		daemon(os.Args[2], os.Args[3], os.Args[4:])
	}
	zktest.Main(m)
}

func self() []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{exe, workerArg}
}

// engine is Terraform from PATH, or what NODEPOOL_TF_ENGINE names (OpenTofu, another version).
func engine(t *testing.T) execute.Engine {
	t.Helper()
	e, err := execute.FindEngine(t.Context(), execute.EngineOptions{Path: os.Getenv("NODEPOOL_TF_ENGINE")})
	if err != nil {
		t.Fatalf("these tests run the real thing: %v", err)
	}
	return e
}

// bench is a state directory with a module whose nodes do what files in the folder hand say: while <node>.hold is there
// a node is not complete (<node>.waiting says that it has come so far), with <node>.fail it fails, with <node>.keep it cannot be destroyed. <node>.made has a line for
// each time it was made and goes with the node.
type bench struct {
	t      *testing.T
	dir    string // state directory
	source string // module folder
	hand   string
	opts   Options
	m      *Manager
	log    *lockedBuffer
	taken  bool // what to tell Attach

	mu   sync.Mutex
	told []Outcome
}

const nodeModule = `
variable "name" { type = string }
variable "hand" { type = string }
variable "extra" {
  type    = string
  default = ""
  validation {
    condition     = var.extra != "bad"
    error_message = "extra must not be bad"
  }
}
resource "terraform_data" "place" { # Terraform runs no destroy-time provisioner of a tainted resource: it must not fail
  input = { node = "${var.hand}/${var.name}", extra = var.extra }
  provisioner "local-exec" {
    command     = "echo x >> $node.made"
    environment = { node = self.input.node }
  }
  provisioner "local-exec" {
    when        = destroy
    command     = "if test -e $node.keep; then echo it stays >&2; exit 1; fi; rm $node.made"
    environment = { node = self.input.node }
  }
}
resource "terraform_data" "vm" {
  input = terraform_data.place.output
  provisioner "local-exec" {
    command     = ": > $node.waiting; while test -e $node.hold; do sleep 0.02; done; if test -e $node.fail; then echo it fails >&2; exit 1; fi"
    environment = { node = self.input.node }
  }
}
output "interface_ip" { value = "127.0.0.1" }
output "id" { value = terraform_data.vm.id }
output "extra" { value = terraform_data.vm.output.extra }
`

func newBench(t *testing.T, opts ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), source: filepath.Join(t.TempDir(), "module"), hand: t.TempDir(), log: &lockedBuffer{}}
	write(t, filepath.Join(b.source, "main.tf"), nodeModule)
	b.opts = Options{Dir: b.dir, Self: self(), Engine: engine(t), Log: slog.New(slog.NewTextHandler(b.log, nil)), MaxApplies: 4, Notify: b.hear}
	for _, o := range opts {
		o(&b.opts)
	}
	b.open()
	t.Cleanup(func() {
		if b.m != nil {
			b.m.Close()
		}
		if t.Failed() {
			t.Logf("log:\n%s", b.log)
		}
	})
	return b
}

func (b *bench) open() {
	b.t.Helper()
	m, err := Open(b.opts)
	if err != nil {
		b.t.Fatal(err)
	}
	b.m = m
	m.Recover()
}

// restart is the daemon's stop and start, with whatever happens in between.
func (b *bench) restart(between func()) {
	b.t.Helper()
	b.m.Close()
	b.m = nil
	b.mu.Lock()
	b.told = nil
	b.mu.Unlock()
	between()
	b.open()
}

func (b *bench) hear(o Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, o)
}

// heard lists the outcomes of a node.
func (b *bench) heard(node string) []Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	var os []Outcome
	for _, o := range b.told {
		if o.Node == node {
			os = append(os, o)
		}
	}
	return os
}

func (b *bench) kinds(node string) string {
	var ks []string
	for _, o := range b.heard(node) {
		ks = append(ks, string(o.Kind))
	}
	return strings.Join(ks, " ")
}

// wait waits for an outcome of a node. The manager is ticked as the launcher does. Any of the unexpected kinds fails.
func (b *bench) wait(node string, kind Kind, unexpected ...Kind) Outcome {
	b.t.Helper()
	var found Outcome
	b.eventually(fmt.Sprintf("node %s is %s", node, kind), func() bool {
		b.m.Tick()
		for _, o := range b.heard(node) {
			if o.Kind == kind {
				found = o
				return true
			}
			for _, k := range unexpected {
				if o.Kind == k {
					b.t.Fatalf("node %s is %s: %v", node, k, o.Err)
				}
			}
		}
		return false
	})
	return found
}

func (b *bench) created(nodes ...string) {
	b.t.Helper()
	for _, n := range nodes {
		b.wait(n, Created, Failed)
	}
}

func (b *bench) destroy(nodes ...string) {
	b.t.Helper()
	for _, n := range nodes {
		b.m.Destroy(n)
	}
	for _, n := range nodes {
		b.wait(n, Destroyed)
	}
}

func (b *bench) eventually(what string, ok func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// gone checks that nothing of any node is left.
func (b *bench) gone() {
	b.t.Helper()
	b.eventually("all folders are gone", func() bool { b.m.Tick(); return len(b.folders()) == 0 })
	if made, _ := filepath.Glob(filepath.Join(b.hand, "*.made")); len(made) > 0 {
		b.t.Errorf("still there: %v", made)
	}
	b.eventually("nothing is known or under way", func() bool { return len(b.m.Nodes()) == 0 && idle(b.m.Stats()) })
}

// idle reports whether nothing is known, waits or runs.
func idle(s Stats) bool {
	return s.Workspaces+s.Nodes+s.Waiting+s.CreatesWaiting+s.DestroysWaiting+s.RefreshesWaiting+s.ListsWaiting+s.Creating+s.Destroying+s.Background == 0 && s.Memory == 0
}

func (b *bench) folders() []string {
	b.t.Helper()
	entries, err := os.ReadDir(filepath.Join(b.dir, "workspaces"))
	if err != nil {
		b.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, filepath.Join(b.dir, "workspaces", e.Name()))
	}
	return names
}

func (b *bench) file(node, kind string) string { return filepath.Join(b.hand, node+"."+kind) }
func (b *bench) say(node, kind string)         { b.t.Helper(); write(b.t, b.file(node, kind), "") }
func (b *bench) unsay(node, kind string) {
	b.t.Helper()
	if err := os.Remove(b.file(node, kind)); err != nil {
		b.t.Fatal(err)
	}
}

// made waits until a node's place is made and its vm is being made.
func (b *bench) made(node string) {
	b.t.Helper()
	b.eventually(node+" is being made", func() bool { b.m.Tick(); return exists(b.file(node, "waiting")) })
}

// times is how often a node was made.
func (b *bench) times(node string) int {
	data, _ := os.ReadFile(b.file(node, "made"))
	return bytes.Count(data, []byte("\n"))
}

func (b *bench) order(node string, with ...func(*Order)) Order {
	b.t.Helper()
	return order(b.source, b.hand, node, with...)
}

func order(source, hand, node string, with ...func(*Order)) Order {
	o := Order{
		Node: node, Attempt: 1, Request: "r1", Provider: "cloud", Pool: "main", Label: "small", Timeout: time.Minute,
		Vars: modules.NodeVars{ID: node, Hostname: "np" + node, Label: "small", Provider: "cloud", Pool: "main", Tenant: "t"},
		Spec: &modules.Spec{
			Module: modules.Module{Source: source},
			Inputs: map[string]modules.Input{"name": input("${node.id}"), "hand": input(hand)},
		},
	}
	for _, w := range with {
		w(&o)
	}
	return o
}

func (b *bench) launch(nodes ...string) {
	b.t.Helper()
	for _, n := range nodes {
		b.m.Launch(b.order(n))
	}
}

// batch launches nodes so that they share a run: they wait while another node holds the only run, which is then let go.
// The bench must have been made with one.
func (b *bench) batch(orders ...Order) {
	b.t.Helper()
	b.say("first", "hold")
	b.launch("first")
	b.made("first")
	for _, o := range orders {
		b.m.Launch(o)
	}
	b.eventually("the orders queue", func() bool {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		return b.m.lanes["cloud"] != nil && len(b.m.lanes["cloud"].queue) == len(orders)
	})
	b.unsay("first", "hold")
	b.created("first")
}

// together launches nodes so that they share a run.
func (b *bench) together(orders ...Order) {
	b.t.Helper()
	b.draining(true) // nothing starts
	for _, o := range orders {
		b.m.Launch(o)
	}
	b.eventually("the orders wait", func() bool {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		return b.m.lanes["cloud"] != nil && len(b.m.lanes["cloud"].queue) == len(orders)
	})
	b.draining(false)
	for _, o := range orders {
		b.created(o.Node)
	}
	if len(b.folders()) != 1 {
		b.t.Fatalf("they are not in one workspace: %v", b.folders())
	}
}

func (b *bench) draining(is bool) {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	b.m.draining = is
}

func oneRun(o *Options)                   { o.MaxApplies = 1 }
func provider(name string) func(*Order)   { return func(o *Order) { o.Provider = name } }
func attempt(n int) func(*Order)          { return func(o *Order) { o.Attempt = n } }
func within(d time.Duration) func(*Order) { return func(o *Order) { o.Timeout = d } }
func with(name, value string) func(*Order) {
	return func(o *Order) { o.Spec.Inputs[name] = input(value) }
}
func from(source string) func(*Order) { return func(o *Order) { o.Spec.Module.Source = source } }
func output(field, expr string) func(*Order) {
	return func(o *Order) {
		e, err := modules.ParseExpr(expr, "outputs."+field)
		if err != nil {
			panic(err)
		}
		o.Spec.Outputs = map[string]modules.Expr{field: e}
	}
}

func input(text string) modules.Input {
	in, err := modules.ParseInput(text, "test")
	if err != nil {
		panic(err)
	}
	return in
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// lockedBuffer is a log that many goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// daemon owns a manager and launches nodes until it is killed.
func daemon(dir, source string, rest []string) {
	e, err := execute.FindEngine(context.Background(), execute.EngineOptions{Path: os.Getenv("NODEPOOL_TF_ENGINE")})
	if err != nil {
		panic(err)
	}
	m, err := Open(Options{Dir: dir, Self: self(), Engine: e, Log: slog.New(slog.DiscardHandler), MaxApplies: 2, Batch: 3})
	if err != nil {
		panic(err)
	}
	m.Recover()
	for _, n := range rest[1:] {
		m.Launch(order(source, rest[0], n))
	}
	for {
		m.Tick()
		time.Sleep(50 * time.Millisecond)
	}
}
