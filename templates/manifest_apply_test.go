package templates_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/templates"
)

// A workspace with nothing but a manifest of ours applies without init.
func TestManifestReplacesInit(t *testing.T) {
	root := t.TempDir()
	tests := map[string]struct {
		source func(t *testing.T, w workspace) string
		// deeper puts the workspace at another depth than the sibling.
		name string
	}{
		"local":                 {func(t *testing.T, w workspace) string { return w.localSource(testModule(t, "nested")) }, "b"},
		"local, at other depth": {func(t *testing.T, w workspace) string { return w.localSource(testModule(t, "nested")) }, "deep/er/b"},
		"absolute":              {func(t *testing.T, _ workspace) string { return testModule(t, "nested") }, "b"},
		"git":                   {func(t *testing.T, _ workspace) string { return "git::file://" + gitModule(t, "") }, "b"},
		"git, directory and ref": {func(t *testing.T, _ workspace) string {
			return "git::file://" + gitModule(t, "sub/mod") + "//sub/mod?ref=v1"
		}, "deep/b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(root, t.Name())
			sibling := newWorkspace(t, dir, "sibling")
			hostname := map[string]cty.Value{"name": cty.StringVal("x")}
			sibling.writeRoot()
			sibling.writeSlot(templates.Slot{Name: "m0", Source: tt.source(t, sibling), Inputs: hostname})
			sibling.init()

			w := newWorkspace(t, dir, tt.name)
			source := tt.source(t, w)
			slots := map[string]string{"n1": source, "n2": source, "n3": source}
			base, err := os.ReadFile(filepath.Join(sibling.dir, templates.ManifestFile))
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := templates.Manifest(base, "m0", slots, func(d string) string {
				if !filepath.IsAbs(d) {
					d = filepath.Join(sibling.dir, d)
				}
				return w.localSource(d)
			})
			if err != nil {
				t.Fatal(err)
			}
			w.write(templates.ManifestFile, manifest)
			w.writeRoot()
			for slot, source := range slots {
				w.writeSlot(templates.Slot{Name: slot, Source: source, Inputs: map[string]cty.Value{"name": cty.StringVal(slot)}})
			}
			w.apply()
			for slot := range slots {
				if got := w.outputs(slot).GetAttr("hostname").AsString(); got != slot+".child.grandchild" {
					t.Errorf("%s: hostname %s", slot, got)
				}
			}
			// Fewer slots than the manifest lists do no harm.
			if err := os.Remove(filepath.Join(w.dir, "n2.tf")); err != nil {
				t.Fatal(err)
			}
			w.apply()
			w.outputs("n3")
		})
	}
}

// gitModule makes a repository with the nested module in it, under sub.
func gitModule(t *testing.T, sub string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, sub), os.DirFS(testModule(t, "nested"))); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "."},
		{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "module"},
		{"tag", "v1"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}
