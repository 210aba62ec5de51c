package execute

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

func (s *site) modules(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(s.dir, "modules", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

func TestBaseErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		module string
		spec   func(*modules.Spec)
		class  Class // Config unless said otherwise
		err    []string
	}{
		"module does not exist": {spec: func(s *modules.Spec) { s.Module = modules.Module{Source: "./gone", Base: "/nonexistent"} },
			err: []string{"read module ./gone", "no such file", "module.source"}},
		"syntax": {module: `resource "x" {`, err: []string{"initialise module", "terraform|tofu", "init` in"}},
		"registry that does not answer": {module: "terraform {\n  required_providers {\n    x = { source = \"127.0.0.1:1/no/such\" }\n  }\n}",
			class: Unknown, err: []string{"127.0.0.1:1/no/such", "connection refused"}},
		"bad provider config": {module: nothing, spec: func(s *modules.Spec) { s.ProviderConfig = map[string]any{"not a name": map[string]any{}} },
			err: []string{"provider configuration"}},
		"git module that is not there": {spec: func(s *modules.Spec) { s.Module = modules.Module{Source: "git::file:///nonexistent/repo.git"} },
			err: []string{"git::file:///nonexistent/repo.git"}},
		"git server that does not answer, and a password": {spec: func(s *modules.Spec) {
			s.Module = modules.Module{Source: "git::http://ci:hunter2@127.0.0.1:1/m.git?ref=v1"}
		},
			class: Unknown, err: []string{"initialise module git::http://***@127.0.0.1:1/m.git?ref=v1: ", "Failed to connect to"}},
		"called module that is not there": {module: `module "x" { source = "./gone" }`, err: []string{"gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, c.module)
			if c.spec != nil {
				c.spec(s.spec)
			}
			_, err := s.bases.Get(t.Context(), s.spec)
			want := cmp.Or(c.class, Config)
			if err == nil || ClassOf(err) != want {
				t.Fatalf("error %v of class %s, want class %s", err, ClassOf(err), want)
			}
			for _, want := range c.err {
				found := false
				for alt := range strings.SplitSeq(want, "|") {
					found = found || strings.Contains(err.Error(), alt)
				}
				if !found {
					t.Errorf("error does not say %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error tells a password: %v", err)
			}
			if strings.ContainsAny(err.Error(), "\n│╷") {
				t.Errorf("error is not one plain line: %q", err)
			}
			_, again := s.bases.Get(t.Context(), s.spec)
			if again == nil || again.Error() != err.Error() {
				t.Errorf("second answer %v", again)
			}
		})
	}
}

// TestGetSharesItsWork: many that ask at once cause one copy and one init.
func TestGetSharesItsWork(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	count := filepath.Join(t.TempDir(), "inits")
	s.bases.engine.Path = script(t, "engine", `test "$1" != init || echo x >> `+count+`; exec `+s.engine.Path+` "$@"`)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := s.bases.Get(t.Context(), s.spec); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if data, _ := os.ReadFile(count); string(data) != "x\n" {
		t.Errorf("inits: %q", data)
	}
	if n := len(s.modules(t)); n != 1 {
		t.Errorf("%d copies", n)
	}
	// A new process finds what the old one made.
	other := NewBases(s.bases.engine, s.dir, slog.New(slog.DiscardHandler))
	defer other.Close()
	if _, err := other.Get(t.Context(), s.spec); err != nil {
		t.Error(err)
	}
	if data, _ := os.ReadFile(count); string(data) != "x\n" {
		t.Errorf("inits: %q", data)
	}
}

// TestHalfMadeBase: what a daemon left that was killed while it initialised or copied is made again, or swept up.
func TestHalfMadeBase(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	base, err := s.bases.Get(t.Context(), s.spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(base.dir, readyFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(base.dir, ".terraform", "modules", "modules.json")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.dir, "modules", copyPrefix+"123", "main.tf"), nothing)
	other := NewBases(s.engine, s.dir, slog.New(slog.DiscardHandler))
	defer other.Close()
	base, err = other.Get(t.Context(), s.spec)
	if err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(base.dir, ".terraform", "modules", "modules.json")) {
		t.Error("the half-made sibling was taken as it was")
	}
	if n := len(s.modules(t)); n != 1 {
		t.Errorf("%d folders below modules: %v", n, s.modules(t))
	}
}

// TestCloseEndsInits: a hanging init neither outlives Close nor holds it up, and whoever waits is told.
func TestCloseEndsInits(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	started := filepath.Join(t.TempDir(), "started")
	s.bases.engine.Path = script(t, "engine", `: > `+started+`; exec sleep 600`)
	impatient, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	go func() { _, err := s.bases.Get(impatient, s.spec); errs <- err }()
	go func() { _, err := s.bases.Get(t.Context(), s.spec); errs <- err }()
	eventually(t, "the init runs", func() bool { return exists(started) })
	cancel()
	if err := <-errs; err == nil {
		t.Error("no error for the one who gave up")
	}
	s.bases.Close()
	if err := <-errs; err == nil {
		t.Error("no error for the one who waited")
	}
	if _, err := s.bases.Get(t.Context(), s.spec); err == nil {
		t.Error("Get works after Close")
	}
}

// TestModuleChange: a changed folder gives a new sibling, the old one stays.
func TestModuleChange(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	first, err := s.bases.Get(t.Context(), s.spec)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.spec.Module.Source, "main.tf"), nothing+"\n# changed\n")
	s.bases.mu.Lock()
	for _, c := range s.bases.trees {
		c.ended = time.Time{} // as if it had been looked at long ago
	}
	s.bases.mu.Unlock()
	second, err := s.bases.Get(t.Context(), s.spec)
	if err != nil {
		t.Fatal(err)
	}
	if first.Name == second.Name || first.Source == second.Source {
		t.Error("the change was not seen")
	}
	if !exists(first.dir) {
		t.Error("the sibling of live nodes is gone")
	}
}

// gitModule commits a module to a repository of its own and returns its address.
func gitModule(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "-m", "x"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	return "git::file://" + dir
}

// TestModulesRun: whatever kind of source a module has, a workspace runs it without an init of its own.
func TestModulesRun(t *testing.T) {
	t.Parallel()
	nested := map[string]string{
		"server/main.tf": `module "disk" { source = "../disk" }
output "id" { value = module.disk.id }`,
		"disk/main.tf":      `module "part" { source = "./part" }` + "\n" + `output "id" { value = module.part.id }`,
		"disk/part/main.tf": `resource "terraform_data" "x" { input = file("${path.module}/text") }` + "\n" + `output "id" { value = terraform_data.x.output }`,
		"disk/part/text":    "hello",
	}
	local := t.TempDir()
	for name, text := range nested {
		write(t, filepath.Join(local, name), text)
	}
	repo := gitModule(t, nested)
	for name, m := range map[string]modules.Module{
		"local, nested":    {Source: "./server", Base: local},
		"git, nested":      {Source: repo + "//server"},
		"own provider":     {Source: "./own", Base: ownProvider(t)},
		"module of no .tf": {Source: "./disk/part/../part", Base: local},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			s.spec.Module = m
			s.bases.engine = s.engine
			dir := s.workspace(t, "n1", "n2")
			rep, _ := follow(t, s.start(t, dir, Job{Kind: Create, Slots: []string{"n1", "n2"}}))
			if rep.Error != "" {
				t.Fatal(rep.Error, events(t, dir))
			}
			view, err := ReadState(dir)
			if err != nil || len(view.Results) != 2 || view.Empty("n1") {
				t.Fatalf("%+v %v", view, err)
			}
			// One node goes, the other stays.
			rep, _ = follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}}))
			if view, err = ReadState(dir); rep.Error != "" || err != nil || !view.Empty("n1") || view.Empty("n2") {
				t.Fatalf("destroy of n1: %q %v %+v", rep.Error, err, view)
			}
			rep, _ = follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n2"}, Whole: true}))
			if view, err = ReadState(dir); rep.Error != "" || err != nil || view.Total() != 0 {
				t.Fatalf("destroy of n2: %q %v %+v", rep.Error, err, view)
			}
		})
	}
}

// ownProvider is a module that configures its provider itself: it takes no count, so only -target can destroy it.
func ownProvider(t *testing.T) string {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "own/main.tf"), `terraform {
  required_providers { terraform = { source = "terraform.io/builtin/terraform" } }
}
provider "terraform" {}
resource "terraform_data" "x" { input = "y" }
output "id" { value = terraform_data.x.id }`)
	return dir
}

func events(t *testing.T, dir string) string {
	t.Helper()
	data, _ := os.ReadFile(runPath(dir, eventsFile))
	return string(data)
}
