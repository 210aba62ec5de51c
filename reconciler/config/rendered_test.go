package config

import (
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

// TestRendered holds what becomes of each label of a sample, byte for byte: the files of a workspace with one node, of
// which the launcher knows all that testdata/config/rendered says.
func TestRendered(t *testing.T) {
	for sample, given := range map[string]map[string]any{
		"sample-gce":           nil,
		"sample-ibmvpc":        {"vpc_id": "r010-vpc", "subnet_id": "02b7-subnet", "resource_group_id": "d1f0", "key_ids": []any{"r010-key"}},
		"sample-kubernetes":    {"host": "https://api.lab:6443", "skip_tls": false, "ca_crt": "Q0E="},
		"sample-openshift":     {"host": "https://api.oc:6443", "skip_tls": true},
		"sample-openshiftpods": {"host": "https://api.oc:6443", "skip_tls": false, "ca_crt": "Q0E=", "token": "(the provider's token)"},
	} {
		t.Run(sample, func(t *testing.T) {
			cfg, _, err := Load(filepath.Join(testdata, "samples", sample+".yaml"), "", []string{"HOME=/var/lib/nodepool-tf"})
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: []byte("What becomes of " + sample + ".yaml; written by go test ./reconciler/config -run TestRendered -update\n")}
			for _, p := range cfg.Providers {
				got.Files = append(got.Files, renderProvider(t, p, given)...)
			}
			path := filepath.Join(testdata, "rendered", sample+".txtar")
			if *update {
				write(t, path, txtar.Format(got))
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(txtar.Format(got))); diff != "" {
				t.Errorf("%s (-update writes it):\n%s", path, diff)
			}
		})
	}
}

// renderProvider renders the root, which is the same for all labels, and a slot of each label.
func renderProvider(t *testing.T, p *Provider, given map[string]any) (out []txtar.File) {
	t.Helper()
	for _, pool := range p.Pools {
		for _, name := range pool.LabelNames {
			spec := pool.Labels[name].Spec
			if out == nil {
				root, err := templates.RenderRoot(templates.Root{RequiredProviders: spec.RequiredProviders, ProviderConfig: spec.ProviderConfig})
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range slices.Sorted(maps.Keys(root)) {
					out = append(out, txtar.File{Name: p.Name + "/" + file, Data: root[file]})
				}
			}
			node := modules.NodeVars{ID: "0000000042", Label: name, Provider: p.Name, Pool: pool.Name, Tenant: "acme", Dynamic: spec.Dynamic, Given: given}
			inputs, err := spec.EvalInputs(node)
			if err != nil {
				t.Fatal(err)
			}
			slot, err := templates.RenderSlot(templates.Slot{Name: "n" + node.ID, Source: "./module", Inputs: inputs})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, txtar.File{Name: strings.Join([]string{p.Name, pool.Name, name + ".tf"}, "/"), Data: slot})
		}
	}
	return out
}
