package execute

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const nothing = `output "id" { value = "x" }`

func TestFreeze(t *testing.T) {
	t.Parallel()
	src, store := t.TempDir(), filepath.Join(t.TempDir(), "modules")
	write(t, filepath.Join(src, "server/main.tf"), `module "disk" { source = "../disk" }`)
	write(t, filepath.Join(src, "server/.terraform/x"), "not source")
	write(t, filepath.Join(src, "server/terraform.tfstate"), "not source")
	write(t, filepath.Join(src, "disk/main.tf.json"), `{"module": {"part": {"source": "./part"}}}`)
	write(t, filepath.Join(src, "disk/part/main.tf"), nothing)
	write(t, filepath.Join(src, "disk/run.sh"), "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(src, "disk/run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/nonexistent", filepath.Join(src, "server/.#main.tf")); err != nil { // an editor's lock
		t.Fatal(err)
	}
	first, err := freeze(filepath.Join(src, "server"), store, frozen{})
	if err != nil {
		t.Fatal(err)
	}
	if first.tree.sub != "server" {
		t.Errorf("the module is at %q", first.tree.sub)
	}
	if want := []string{"disk/main.tf.json", "disk/part/main.tf", "disk/run.sh", "server/main.tf"}; !slices.Equal(first.tree.names, want) {
		t.Errorf("copied %v, want %v", first.tree.names, want)
	}
	copied := filepath.Join(store, first.hash)
	if info, err := os.Stat(filepath.Join(copied, "disk/run.sh")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("a script is not executable for us alone: %v %v", info, err)
	}

	again, err := freeze(filepath.Join(src, "server"), store, first)
	if err != nil || again.hash != first.hash {
		t.Errorf("unchanged: %v %v", again, err)
	}
	// The same length in the same second: only the time differs.
	write(t, filepath.Join(src, "disk/part/main.tf"), strings.ToUpper(nothing))
	if err := os.Chtimes(filepath.Join(src, "disk/part/main.tf"), time.Time{}, time.Now().Add(time.Nanosecond)); err != nil {
		t.Fatal(err)
	}
	changed, err := freeze(filepath.Join(src, "server"), store, first)
	if err != nil || changed.hash == first.hash {
		t.Errorf("a change of a called module was missed: %v %v", changed, err)
	}
	if data, _ := os.ReadFile(filepath.Join(copied, "disk/part/main.tf")); string(data) != nothing {
		t.Errorf("the frozen copy changed to %s", data)
	}
	if err := os.RemoveAll(src); err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(copied, "server/main.tf")) {
		t.Error("the frozen copy went with its source")
	}
	if left, _ := filepath.Glob(filepath.Join(store, copyPrefix+"*")); len(left) > 0 {
		t.Errorf("half copies left: %v", left)
	}
}

func TestFreezeRefuses(t *testing.T) {
	linked := t.TempDir()
	write(t, filepath.Join(linked, "main.tf"), nothing)
	if err := os.Symlink("/etc", filepath.Join(linked, "etc")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "main.tf")
	write(t, file, nothing)
	for name, c := range map[string]struct{ dir, err string }{
		"no such folder":  {"/nonexistent/module", "no such file"},
		"a file":          {file, "is not a folder"},
		"link to folders": {linked, "is a link to a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := freeze(c.dir, t.TempDir(), frozen{}); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

// TestFreezeLinkedModule: the module folder itself may be a link, as `current -> releases/7` is.
func TestFreezeLinkedModule(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "releases/7/main.tf"), nothing)
	if err := os.Symlink("releases/7", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	f, err := freeze(filepath.Join(dir, "current"), t.TempDir(), frozen{})
	if err != nil || !slices.Equal(f.tree.names, []string{"main.tf"}) {
		t.Errorf("%v %v", f, err)
	}
}
