package execute

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDetach: a sibling needs nothing outside the state directory, also where init only made links.
func TestDetach(t *testing.T) {
	out, state := t.TempDir(), t.TempDir()
	base := filepath.Join(state, "bases", "b")
	platform := filepath.Join(base, ".terraform/providers/example.org/a/b/1.0.0/linux_amd64")
	mirror := filepath.Join(out, "mirror/1.0.0/linux_amd64")
	write(t, filepath.Join(mirror, "terraform-provider-b"), "binary")
	write(t, filepath.Join(out, "module/main.tf"), nothing)
	write(t, filepath.Join(base, ".terraform/modules/m0.git/main.tf"), nothing)
	manifest := filepath.Join(base, ".terraform/modules/modules.json")
	write(t, manifest, `{"Modules":[{"Key":"m0.abs","Source":"x","Dir":".terraform/modules/m0.abs"},{"Key":"m0.abs.part","Source":"./part","Dir":"`+filepath.Join(out, "module/part")+`"}]}`)
	for link, target := range map[string]string{
		platform: mirror,
		filepath.Join(base, ".terraform/modules/m0.abs"):          filepath.Join(out, "module"),
		filepath.Join(base, ".terraform/modules/m0.git/dangling"): "/nonexistent",
	} {
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // it may be done again
		if err := detach(base, state); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := os.ReadFile(manifest); err != nil || !strings.Contains(string(data), `"Dir":".terraform/modules/m0.abs/part"`) {
		t.Errorf("manifest %s %v", data, err)
	}
	if err := os.RemoveAll(out); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(platform, "terraform-provider-b"), filepath.Join(base, ".terraform/modules/m0.abs/main.tf")} {
		if !exists(path) {
			t.Errorf("%s went with what it was linked to", path)
		}
	}
}

// TestCollectKeepsLinked: a copy that a sibling in use links to is not unused, however old it is.
func TestCollectKeepsLinked(t *testing.T) {
	state := t.TempDir()
	base, old := filepath.Join(state, "bases", "b"), time.Now().Add(-2*UnusedFor)
	write(t, filepath.Join(base, baseBlock+".tf"), "")
	for _, dir := range []string{"providers/linked", "providers/old", "modules/linked"} {
		write(t, filepath.Join(state, dir, "file"), "x")
		if err := os.Chtimes(filepath.Join(state, dir), old, old); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"providers/h/n/t/1/p": "providers/linked", "modules/m0.x": "modules/linked"} {
		link = filepath.Join(base, ".terraform", link)
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := relink(link, filepath.Join(state, target)); err != nil {
			t.Fatal(err)
		}
	}
	b := NewBases(Engine{}, state, slog.New(slog.DiscardHandler))
	defer b.Close()
	if removed, _ := b.Collect(map[string]bool{"b": true}, UnusedFor, time.Now()); len(removed) != 1 || removed[0] != filepath.Join(state, "providers/old") {
		t.Errorf("removed %v", removed)
	}
}

// TestModuleByURL: a live node of a module that Terraform only links to keeps its module, and is destroyed.
func TestModuleByURL(t *testing.T) {
	s := newSite(t, `module "part" { source = "./part" }`)
	src := s.spec.Module.Source
	write(t, filepath.Join(src, "part/main.tf"), `resource "terraform_data" "x" {}`)
	s.spec.Module.Source = "file://" + src
	dir := s.workspace(t, "n1")
	if rep, events := follow(t, s.start(t, dir, Job{Kind: Create, Slots: []string{"n1"}})); rep.Error != "" {
		t.Fatal(rep.Error, events)
	}
	if err := os.RemoveAll(src); err != nil {
		t.Fatal(err)
	}
	if rep, events := follow(t, s.start(t, dir, Job{Kind: Destroy, Slots: []string{"n1"}, Whole: true})); rep.Error != "" {
		t.Error(rep.Error, events)
	}
}

// TestBrokenBase: a sibling whose providers are gone is made again.
func TestBrokenBase(t *testing.T) {
	s := newSite(t, nothing)
	base, err := s.bases.Get(t.Context(), s.spec)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(base.dir, ".terraform", "providers", "gone")
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/nonexistent", link); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	other := NewBases(s.engine, s.dir, slog.New(slog.NewTextHandler(&log, nil)))
	defer other.Close()
	if _, err := other.Get(t.Context(), s.spec); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(link); err == nil || !strings.Contains(log.String(), "initialised anew") {
		t.Errorf("the broken sibling was kept; log: %s", log.String())
	}
}

// TestFreezeBeside: what has nothing to do with a module does not keep it from being copied.
func TestFreezeBeside(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "server/main.tf"), `module "disk" { source = "../disk" }`)
	write(t, filepath.Join(dir, "disk/main.tf"), nothing)
	write(t, filepath.Join(dir, "files/init.sh"), "echo")
	write(t, filepath.Join(dir, "state/lock"), "")
	if err := os.Symlink("server", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	check := func(want string) {
		t.Helper()
		f, err := freeze(filepath.Join(dir, "server"), filepath.Join(dir, "state", "modules"), frozen{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(f.tree.names, " "); got != want {
			t.Errorf("copied %s, want %s", got, want)
		}
	}
	check("disk/main.tf server/main.tf")
	write(t, filepath.Join(dir, "disk/out.tf"), `output "x" { value = file("${path.module}/../files/init.sh") }`)
	check("disk/main.tf disk/out.tf files/init.sh server/main.tf")
}
