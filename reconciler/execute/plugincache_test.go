package execute

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"
)

func TestCachesPlugins(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       bool
	}{
		"none":               {"home/.terraformrc", "provider_installation {\n}\n", false},
		"Terraform's":        {"home/.terraformrc", "disable_checkpoint = true\n  plugin_cache_dir = \"/c\"\n", true},
		"in JSON":            {"home/.terraform.d/x.tfrc.json", `{"plugin_cache_dir": "/c"}`, true},
		"OpenTofu's":         {"home/.config/opentofu/tofurc", "plugin_cache_dir=\"/c\"", true},
		"named":              {"named", "plugin_cache_dir = \"$HOME/c\"", true},
		"not in force":       {"named", "# plugin_cache_dir = \"/c\"", false},
		"nobody reads it":    {"other", "plugin_cache_dir = \"/c\"", false},
		"nothing of either":  {"home/.bashrc", "plugin_cache_dir = \"/c\"", false},
		"behind another one": {"home/.terraform.d/x.tfrc", "credentials \"x\" {}\nplugin_cache_dir = \"/c\"", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, c.file), c.text)
			if got := cachesPlugins(map[string]string{"HOME": filepath.Join(dir, "home"), "TF_CLI_CONFIG_FILE": filepath.Join(dir, "named")}); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestOneInitAtATime: where there is a plugin cache, no init begins before what another links to was copied.
func TestOneInitAtATime(t *testing.T) {
	s := newSite(t, nothing)
	dir := t.TempDir()
	config := filepath.Join(dir, "cli.tfrc")
	write(t, config, fmt.Sprintf("plugin_cache_dir = %q\n", dir))
	t.Setenv("TF_CLI_CONFIG_FILE", config)
	busy, overlap := filepath.Join(dir, "busy"), filepath.Join(dir, "overlap")
	s.bases.engine.Path = script(t, "engine", fmt.Sprintf(`test "$1" = init || exec %[1]s "$@"
mkdir %[2]s || : > %[3]s
%[1]s "$@"; said=$?
rmdir %[2]s
exit $said`, s.engine.Path, busy, overlap))
	var wg sync.WaitGroup
	for i := range 4 {
		spec := *s.spec
		spec.ProviderConfig = map[string]any{"terraform": map[string]any{"alias": fmt.Sprintf("a%d", i)}}
		wg.Go(func() {
			if _, err := s.bases.Get(t.Context(), &spec); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if exists(overlap) {
		t.Error("two inits at one time")
	}
}

// TestHalfPackage: what somebody else's init is just writing into the cache is not kept as a provider.
func TestHalfPackage(t *testing.T) {
	out, state := t.TempDir(), t.TempDir()
	base := filepath.Join(state, "bases", "b")
	link := filepath.Join(base, ".terraform/providers/example.org/a/b/1.0.0/linux_amd64")
	write(t, filepath.Join(out, "terraform-provider-b"), "a whole binary")
	whole, err := dirhash.HashDir(out, "", dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(base, ".terraform.lock.hcl"), fmt.Sprintf("provider \"example.org/a/b\" {\n  version = \"1.0.0\"\n  hashes = [\n    %q,\n    \"zh:00\",\n  ]\n}\n", whole))
	write(t, filepath.Join(out, "terraform-provider-b"), "a whole")
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(out, link); err != nil {
		t.Fatal(err)
	}
	err = detach(base, state)
	if !errors.Is(err, errChanged) || folderClass(err) != Unknown {
		t.Errorf("%v is %s", err, folderClass(err))
	}
	if kept, _ := filepath.Glob(filepath.Join(state, "providers", "*")); len(kept) > 0 {
		t.Errorf("kept: %v", kept)
	}
	write(t, filepath.Join(out, "terraform-provider-b"), "a whole binary")
	if err := detach(base, state); err != nil {
		t.Error(err)
	}
}
