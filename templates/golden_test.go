package templates_test

import (
	"encoding/json"
	"flag"
	"maps"
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
	Backend           map[string]any                      `json:"backend"` // alone, for a workspace of provider "cloud"
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
	if in.Backend != nil {
		return in.renderBackend(t)
	}
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

func (in golden) renderBackend(t *testing.T) []txtar.File {
	t.Helper()
	kind := in.Backend["type"].(string)
	delete(in.Backend, "type")
	b, err := modules.ParseBackend(kind, in.Backend, "backend")
	if err != nil {
		t.Fatal(err)
	}
	block, err := b.Block(modules.WorkspaceVars{ID: "cloud-0a1b2c3d4e5f", Provider: "cloud"})
	if err != nil {
		t.Fatal(err)
	}
	files, err := templates.RenderBackend(block)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(block)
	if err != nil {
		t.Fatal(err)
	}
	var read modules.BackendBlock
	if err := json.Unmarshal(again, &read); err != nil {
		t.Fatal(err)
	}
	if same, err := templates.RenderBackend(read); err != nil || !cmp.Equal(same, files) {
		t.Errorf("another launcher renders %s %v", same, err)
	}
	var out []txtar.File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, txtar.File{Name: name, Data: files[name]})
	}
	return out
}
