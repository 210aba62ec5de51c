package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Names of the files RenderBackend gives.
const (
	BackendFile  = "main.tf.json"
	SettingsFile = "settings.tfbackend" // for init -backend-config
)

// RenderBackend gives, by name, the files of a root that is nothing but a backend block. They may hold secrets: write
// them 0600.
//
// Whether text in Terraform's JSON syntax is a template is not the same in a backend block for Terraform (it never is) and
// OpenTofu (it is, since 1.8), so settings that are plain values go into a file in the native syntax, where a literal is
// one to both. Only the backend's schema knows which of the others are blocks and which attributes: they are JSON, which
// writes both alike, and may hold no template mark.
func RenderBackend(b modules.BackendBlock) (map[string][]byte, error) {
	tree, _ := b.Tree().(map[string]any)
	nested := map[string]any{}
	settings := hclwrite.NewEmptyFile()
	values := b.Settings.AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch v := values[name]; {
		case !modules.ValidName(name):
			return nil, fmt.Errorf("terraform.backend: %q is not a setting's name; allowed: letters, digits and _", name)
		case v.IsNull():
		case v.Type().IsPrimitiveType():
			tokens, err := literal(v)
			if err != nil {
				return nil, fmt.Errorf("terraform.backend.%s: %w", name, err)
			}
			settings.Body().SetAttributeRaw(name, tokens)
		case marked(v):
			return nil, fmt.Errorf("terraform.backend.%s: text with ${ or %%{ in it is possible in settings of the first level only", name)
		default:
			nested[name] = tree[name]
		}
	}
	root, err := writeJSON(map[string]any{"terraform": map[string]any{"backend": map[string]any{b.Type: nested}}})
	if err != nil {
		return nil, fmt.Errorf("terraform.backend: %w", err)
	}
	return map[string][]byte{BackendFile: root, SettingsFile: slices.Concat([]byte(header), hclwrite.Format(settings.Bytes()))}, nil
}

// marked reports whether a value holds text that would be a template.
func marked(v cty.Value) (found bool) {
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() == cty.String && !v.IsNull() {
			s := v.AsString()
			found = found || strings.Contains(s, "${") || strings.Contains(s, "%{")
		}
		return true, nil
	})
	return found
}
