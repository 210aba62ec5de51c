package execute

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// workerArg makes the test binary a worker, as the hidden sub-command does with the daemon's.
const workerArg = "test-worker"

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == workerArg {
		if err := RunWorker(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 5 && os.Args[1] == hogArg {
		hog(os.Args[2], os.Args[3], os.Args[4])
	}
	// terraform-exec does not wait for a command whose context ends while it is being started (cmd_linux.go): it is
	// killed, and the goroutine that did so stays.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("os/exec.(*Cmd).watchCtx"))
}

func self(t *testing.T) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{exe, workerArg}
}

// engine is Terraform from PATH, or what NODEPOOL_TF_ENGINE names (OpenTofu, another version).
func engine(t *testing.T) Engine {
	t.Helper()
	e, err := FindEngine(t.Context(), EngineOptions{Path: os.Getenv("NODEPOOL_TF_ENGINE")})
	if err != nil {
		t.Fatalf("these tests run the real thing: %v", err)
	}
	return e
}

// write makes a file with its folders.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// site is a state directory with one module in it and the means to run it.
type site struct {
	dir    string
	engine Engine
	spec   *modules.Spec
	bases  *Bases
}

func newSite(t *testing.T, module string) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), engine: engine(t)}
	src := filepath.Join(t.TempDir(), "module")
	write(t, filepath.Join(src, "main.tf"), module)
	s.spec = &modules.Spec{Module: modules.Module{Source: src}}
	s.bases = NewBases(s.engine, s.dir, slog.New(slog.DiscardHandler))
	t.Cleanup(s.bases.Close)
	return s
}

// workspace makes a folder with the blocks of some slots.
func (s *site) workspace(t *testing.T, slots ...string) string {
	t.Helper()
	base, err := s.bases.Get(t.Context(), s.spec)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.dir, "workspaces", "w")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := base.Populate(dir, slots); err != nil {
		t.Fatal(err)
	}
	for _, slot := range slots {
		block, err := templates.RenderSlot(templates.Slot{Name: slot, Source: base.Source})
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, slot+".tf"), string(block))
	}
	return dir
}

func (s *site) start(t *testing.T, dir string, job Job) *Run {
	t.Helper()
	job.ID, job.Exec, job.Parallelism = t.Name()+string(job.Kind), s.engine.Path, 10
	if job.Timeout == 0 {
		job.Timeout = time.Minute
	}
	if job.Grace == 0 {
		job.Grace = 30 * time.Second
	}
	r, err := Start(self(t), dir, job)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// follow returns the report and all events.
func follow(t *testing.T, r *Run) (Report, []Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var events []Event
	rep, err := r.Follow(ctx, nil, func(e Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	return rep, events
}

// eventually waits until something that another process does has happened.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
