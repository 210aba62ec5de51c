package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// mappedBy are drivers whose options are held by a test of their own.
var mappedBy = map[string]string{
	"kubernetes":    "modules/kubernetes, TestLabelOptions",
	"openshift":     "modules/kubernetes, TestLabelOptions",
	"openshiftpods": "modules/kubernetes, TestLabelOptions",
}

// TestMapping: every option of a driver with a module reaches the module, or testdata/config/mapping/DRIVER.yaml says
// where else it goes.
func TestMapping(t *testing.T) {
	for name, d := range drivers {
		if d.Spec == nil || mappedBy[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(testdata, "mapping", name+".yaml"))
			if err != nil {
				t.Fatalf("a driver with a module needs a file that says what becomes of its options: %v", err)
			}
			var m struct {
				Base      map[string]any
				Changes   map[string]any
				Elsewhere map[string]string
			}
			if err := yaml.Unmarshal(data, &m); err != nil {
				t.Fatal(err)
			}
			before := given(t, m.Base)
			for _, o := range options(name, d) {
				value, changes := m.Changes[o.Path]
				switch why := m.Elsewhere[o.Path]; {
				case changes && why != "":
					t.Errorf("%s is in both lists", o.Path)
				case changes && given(t, with(t, data, o.Path, value)) == before:
					t.Errorf("%s: %v changes nothing of what the module is given", o.Path, value)
				case !changes && why == "" && !listed(m.Changes, o.Path):
					t.Errorf("%s (%s) has no row", o.Path, o.Maps)
				}
				delete(m.Changes, o.Path)
				delete(m.Elsewhere, o.Path)
			}
			for _, path := range append(slices.Sorted(maps.Keys(m.Changes)), slices.Sorted(maps.Keys(m.Elsewhere))...) {
				t.Errorf("the driver has no option %s", path)
			}
		})
	}
}

// listed tells whether an option is a part of one that is listed as a whole.
func listed(changes map[string]any, path string) bool {
	for whole := range changes {
		if strings.HasPrefix(path, whole+".") || strings.HasPrefix(path, whole+"[]") {
			return true
		}
	}
	return false
}

// with is the base with an option of the provider changed; [] is the first of a list.
func with(t *testing.T, data []byte, path string, value any) map[string]any {
	t.Helper()
	var m struct{ Base map[string]any }
	if err := yaml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	at := m.Base["providers"].([]any)[0].(map[string]any)
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		key, list := strings.CutSuffix(step, "[]")
		next := at[key]
		if items, ok := next.([]any); list && ok && len(items) > 0 {
			next = items[0]
		}
		inner, ok := next.(map[string]any)
		if !ok {
			inner = map[string]any{}
			at[key] = inner
		}
		at = inner
	}
	at[strings.TrimSuffix(steps[len(steps)-1], "[]")] = value
	return m.Base
}

// given is all that the module of the first label is given.
func given(t *testing.T, tree map[string]any) string {
	t.Helper()
	text, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	cfg := load(t, string(text))
	pool := cfg.Providers[0].Pools[0]
	spec := pool.Labels[pool.LabelNames[0]].Spec
	inputs, err := spec.EvalInputs(modules.NodeVars{ID: "0000000001", Dynamic: map[string]string{}, Given: map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %v %v %v", spec.RequiredProviders, spec.ProviderConfig, spec.Module.Source, spec.Dynamic)
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		out += fmt.Sprintf("\n%s = %#v", name, inputs[name])
	}
	return out
}
