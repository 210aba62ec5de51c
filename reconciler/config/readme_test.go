package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/readme"
)

// TestModuleReadmes: each shipped module's README is what its variables and outputs say.
func TestModuleReadmes(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(drivers)) {
		d := drivers[name]
		if d.Shipped == nil || name == "openshift" || name == "openshiftpods" { // they share the module of kubernetes
			continue
		}
		want, err := readme.Write(d.Shipped, name)
		if err != nil {
			t.Error(err)
			continue
		}
		path := filepath.Join("..", "..", "modules", name, "node", "README.md")
		if *update {
			write(t, path, []byte(want))
			continue
		}
		have, _ := os.ReadFile(path)
		if diff := cmp.Diff(want, string(have)); diff != "" {
			t.Errorf("%s (-update writes it):\n%s", path, diff)
		}
	}
}

// TestModuleOutputs: what a shipped module gives back are node fields, or nothing would read it.
func TestModuleOutputs(t *testing.T) {
	for name, d := range drivers {
		if d.Shipped == nil {
			continue
		}
		names, err := readme.Outputs(d.Shipped)
		if err != nil {
			t.Error(err)
		}
		for _, output := range names {
			if err := modules.CheckField(output); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
