package templates_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden is the in.json of a case: what a label says, and the slots to render.
type golden struct {
	RequiredProviders map[string]modules.RequiredProvider `json:"required-providers"`
	ProviderConfig    map[string]any                      `json:"provider-config"`
	Module            modules.Module                      `json:"module"`
	Inputs            map[string]any                      `json:"inputs"`
	Slots             map[string]modules.NodeVars         `json:"slots"`
}

// Every file testdata/golden/*.txtar is a case: in.json, then what it renders to.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases:", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var in golden
			if err := json.Unmarshal(archive.Files[0].Data, &in); err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: archive.Comment, Files: append(archive.Files[:1:1], in.render(t)...)}
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
				t.Errorf("rendering changed (-golden +now; -update accepts):\n%s", diff)
			}
		})
	}
}

func (in golden) render(t *testing.T) []txtar.File {
	t.Helper()
	spec := &modules.Spec{Inputs: map[string]modules.Input{}}
	for name, v := range in.Inputs {
		input, err := modules.ParseInput(v, name)
		if err != nil {
			t.Fatal(err)
		}
		spec.Inputs[name] = input
	}
	files, err := templates.RenderRoot(templates.Root{RequiredProviders: in.RequiredProviders, ProviderConfig: in.ProviderConfig})
	if err != nil {
		t.Fatal(err)
	}
	for name, node := range in.Slots {
		inputs, err := spec.EvalInputs(node)
		if err != nil {
			t.Fatal(err)
		}
		data, err := templates.RenderSlot(templates.Slot{
			Name: name, Source: in.Module.Source, Version: in.Module.Version, Inputs: inputs,
		})
		if err != nil {
			t.Fatal(err)
		}
		files[name+".tf"] = data
	}
	var rendered []txtar.File
	for name, data := range files {
		rendered = append(rendered, txtar.File{Name: name, Data: data})
	}
	slices.SortFunc(rendered, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	return rendered
}
