package reload

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched is a folder with a configuration and what a watcher makes of it.
type watched struct {
	t      *testing.T
	dir    string
	files  Files
	asked  chan os.Signal
	loaded chan Loaded
	accept chan bool // what Take answers; true when empty
}

func watch(t *testing.T, secure bool) *watched {
	t.Helper()
	w := &watched{t: t, dir: t.TempDir(), asked: make(chan os.Signal), loaded: make(chan Loaded), accept: make(chan bool, 1)}
	w.files.Main = w.write("nodepool.yaml", "labels: []\n")
	if secure {
		w.files.Secure = w.write("secure.yaml", "{}\n")
	}
	return w
}

func (w *watched) run() {
	w.t.Helper()
	hash, err := config.Digest(w.files.Main, w.files.Secure, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	watcher := &Watcher{Files: w.files, Log: slog.New(slog.DiscardHandler), Asked: w.asked, Take: func(ctx context.Context, l Loaded) bool {
		select {
		case w.loaded <- l:
		case <-ctx.Done():
		}
		select {
		case ok := <-w.accept:
			return ok
		default:
			return true
		}
	}}
	go func() {
		defer close(done)
		watcher.Run(ctx, hash)
	}()
	w.t.Cleanup(func() { cancel(); <-done })
}

// write puts a file in place in one step.
func (w *watched) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *watched) next() Loaded {
	w.t.Helper()
	select {
	case l := <-w.loaded:
		return l
	case <-time.After(60 * time.Second):
		w.t.Fatal("nothing was loaded")
		panic("unreachable")
	}
}

// label is the only label of what was loaded next.
func (w *watched) label(want string) {
	w.t.Helper()
	l := w.next()
	if l.Err != nil || len(l.Config.LabelNames) != 1 || l.Config.LabelNames[0] != want {
		w.t.Fatalf("loaded %v (%v), want label %s", l.Config, l.Err, want)
	}
}

func (w *watched) fails(want string) {
	w.t.Helper()
	l := w.next()
	if l.Err == nil || l.Config != nil || !strings.Contains(l.Err.Error(), want) {
		w.t.Fatalf("loaded %v: %v, want %q", l.Config, l.Err, want)
	}
}

// TestChanges goes through the ways in which people and programs change files. What did not change content is never
// loaded: the next load is the next change.
func TestChanges(t *testing.T) {
	t.Parallel()
	w := watch(t, true)
	w.run()
	w.write("nodepool.yaml", "labels: [{name: renamed}]\n")
	w.label("renamed")
	now := time.Now().Add(time.Hour)
	if err := os.Chtimes(w.files.Main, now, now); err != nil { // touched only
		t.Fatal(err)
	}
	w.write("nodepool.yaml", "labels: [{name: renamed}]\n") // the same again
	w.write("other.yaml", "labels: [{name: other}]\n")
	if err := os.WriteFile(w.files.Main, []byte("labels: [{name: overwritten}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.label("overwritten")
	w.write("secure.yaml", "diskimages: [{name: none}]\n")
	w.fails("secure.yaml:1:14: diskimages[0]: E-SEC-IMG")
	w.write("secure.yaml", "{}\n")
	w.label("overwritten")
	w.write("nodepool.yaml", "labels: [\n")
	w.fails("E-YAML")
	if err := os.Remove(w.files.Main); err != nil {
		t.Fatal(err)
	}
	w.fails("E-READ: cannot read the file: no such file")
	w.write("nodepool.yaml", "labels: [{name: back}]\n")
	w.label("back")
}

// TestAsked: a signal loads whatever is there.
func TestAsked(t *testing.T) {
	t.Parallel()
	w := watch(t, false)
	w.run()
	w.asked <- os.Interrupt
	if l := w.next(); !l.Asked || l.Err != nil {
		t.Fatal(l)
	}
}

// TestMissingForAMoment: a file that is away while another takes its place is no fault.
func TestMissingForAMoment(t *testing.T) {
	t.Parallel()
	w := watch(t, false)
	w.run()
	text := "labels: [{name: new}]\n"
	if err := os.Remove(w.files.Main); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(missingPause/2, func() { _ = os.WriteFile(w.files.Main, []byte(text), 0o600) })
	w.label("new")
}

// TestConfigMap: Kubernetes changes none of the files, but where a link of their folder leads.
func TestConfigMap(t *testing.T) {
	t.Parallel()
	w := watch(t, false)
	put := func(version, label string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(w.dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		w.write(filepath.Join(version, "nodepool.yaml"), "labels: [{name: "+label+"}]\n")
		if err := os.Symlink(version, filepath.Join(w.dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(w.dir, "..data_tmp"), filepath.Join(w.dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	put("..1", "one")
	if err := os.Remove(w.files.Main); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..data/nodepool.yaml", w.files.Main); err != nil {
		t.Fatal(err)
	}
	w.run()
	put("..2", "two")
	w.label("two")
}
