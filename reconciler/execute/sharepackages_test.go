package execute

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
	simcloud "github.com/nodepool-tf/nodepool-tf/testdata/provider"
)

// packed makes the mirror at dir one of packed providers: Terraform has to unpack them, as it does with what it downloads.
func packed(t *testing.T, dir string) {
	t.Helper()
	program, err := filepath.Glob(filepath.Join(dir, "mirror", "*", "*", "*", "*", "*", "terraform-provider-*"))
	if err != nil || len(program) != 1 {
		t.Fatal(program, err)
	}
	data, err := os.ReadFile(program[0])
	if err != nil {
		t.Fatal(err)
	}
	kind := filepath.Join(dir, "mirror", filepath.FromSlash(simcloud.Source))
	if err := os.RemoveAll(filepath.Join(kind, simcloud.Version)); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(kind, "terraform-provider-simcloud_"+simcloud.Version+"_"+runtime.GOOS+"_"+runtime.GOARCH+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	h := &zip.FileHeader{Name: filepath.Base(program[0]), Method: zip.Store}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDownloadedOnce: siblings that differ in their provider-config share what init has downloaded, and Terraform takes it.
func TestDownloadedOnce(t *testing.T) {
	mirror := t.TempDir()
	config, err := simcloud.Mirror(t.Context(), mirror)
	if err != nil {
		t.Fatal(err)
	}
	packed(t, mirror)
	t.Setenv("TF_CLI_CONFIG_FILE", config)
	s := newSite(t, `terraform {
  required_providers {
    simcloud = { source = "`+simcloud.Source+`" }
  }
}
resource "simcloud_server" "vm" { name = "x" }
`)
	for _, token := range []string{"first", "second"} {
		spec := *s.spec
		spec.RequiredProviders = map[string]modules.RequiredProvider{"simcloud": {Source: simcloud.Source}}
		spec.ProviderConfig = map[string]any{"simcloud": map[string]any{"token": token}}
		base, err := s.bases.Get(t.Context(), &spec)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), s.engine.Path, "providers", "schema", "-json")
		cmd.Dir = base.Dir()
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "simcloud_server") {
			t.Errorf("%v: %.400s", err, out)
		}
	}
	if shared := folders(filepath.Join(s.dir, "providers")); len(shared) != 1 {
		t.Errorf("providers %v", shared)
	}
	links, _ := filepath.Glob(filepath.Join(s.dir, "bases", "*", ".terraform", "providers", "*", "*", "*", "*", "*"))
	for _, l := range links {
		if info, err := os.Lstat(l); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link: %v", l, err)
		}
	}
	if len(links) != 2 {
		t.Errorf("links %v", links)
	}
}
