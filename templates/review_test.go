package templates_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// TestRenderReview: no value of provider-config is in the files, and whoever has the values can use them.
func TestRenderReview(t *testing.T) {
	files, err := templates.RenderReview(templates.Root{
		RequiredProviders: map[string]modules.RequiredProvider{"hcloud": {Source: "hetznercloud/hcloud"}},
		ProviderConfig: map[string]any{
			"hcloud": map[string]any{"token": "SECRET-1", "poll": 424242, "insecure": true, "none": nil, "odd key${": "SECRET-2"},
			"aws":    []any{map[string]any{"region": "SECRET-3"}, map[string]any{"alias": "west", "assume_role": []any{map[string]any{"role_arn": "SECRET-4"}}}},
			"empty":  nil,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, name := range []string{templates.MainFile, templates.ProvidersFile, templates.VariablesFile} {
		all.WriteString("-- " + name + " --\n")
		all.Write(files[name])
	}
	if strings.Contains(all.String(), "SECRET") || strings.Contains(all.String(), "424242") {
		t.Errorf("a value is in\n%s", all.String())
	}
	golden := filepath.Join("testdata", "review.golden")
	if *update {
		if err := os.WriteFile(golden, all.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), all.String()); d != "" {
		t.Error(d)
	}
}
