package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/templates"
)

func TestRefreshProviders(t *testing.T) {
	old := map[string]any{"cloud": map[string]any{"token": "old"}}
	cases := []struct {
		name string
		now  map[string]any
		want string
	}{
		{"rotated", map[string]any{"cloud": map[string]any{"token": "new"}}, "new"},
		{"rotated, and a provider more", map[string]any{"cloud": map[string]any{"token": "new"}, "dns": map[string]any{}}, "new"},
		{"the same", old, "old"},
		{"provider not configured any more", nil, "old"},
		{"provider block gone", map[string]any{"dns": map[string]any{}}, "old"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			files, err := templates.RenderRoot(templates.Root{ProviderConfig: old})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, templates.ProvidersFile)
			if err := os.WriteFile(path, files[templates.ProvidersFile], 0o600); err != nil {
				t.Fatal(err)
			}
			m := &Manager{opts: Options{ProviderConfig: func(string) map[string]any { return c.now }}}
			if err := m.refreshProviders(&workspace{rec: &Record{Provider: "p"}, dir: dir}); err != nil {
				t.Fatal(err)
			}
			data, _ := os.ReadFile(path)
			if !strings.Contains(string(data), `"`+c.want+`"`) || strings.Contains(string(data), "dns") {
				t.Errorf("the workspace has %s", data)
			}
			if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v", info.Mode())
			}
		})
	}
}
