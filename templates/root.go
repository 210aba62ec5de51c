package templates

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Names of the files RenderRoot gives.
const (
	MainFile      = "main.tf"
	ProvidersFile = "providers.tf.json"
)

const header = "# Written by nodepool-tf; changes are lost.\n"

// Root is what all slots of a workspace share.
type Root struct {
	RequiredProviders map[string]modules.RequiredProvider
	// ProviderConfig by local provider name: a map, a list of maps, or nil for an
	// empty block. A provider that RequiredProviders does not name is
	// hashicorp/<name>, Terraform's rule.
	ProviderConfig map[string]any
}

// RenderRoot gives file contents by name: MainFile always, ProvidersFile when
// there is provider configuration (it holds secrets: write it 0600). Errors name
// the option, never a value.
func RenderRoot(r Root) (map[string][]byte, error) {
	main, err := renderMain(r.RequiredProviders)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{MainFile: main}
	if len(r.ProviderConfig) > 0 {
		if files[ProvidersFile], err = renderProviders(r.ProviderConfig); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func renderMain(providers map[string]modules.RequiredProvider) ([]byte, error) {
	f := hclwrite.NewEmptyFile()
	terraform := f.Body().AppendNewBlock("terraform", nil).Body()
	if len(providers) > 0 {
		required := terraform.AppendNewBlock("required_providers", nil).Body()
		for _, name := range slices.Sorted(maps.Keys(providers)) {
			if !modules.ValidName(name) {
				return nil, fmt.Errorf("required-providers: %q is not a provider name; allowed: letters, digits and -", name)
			}
			attrs := map[string]cty.Value{}
			if p := providers[name]; p.Source != "" {
				attrs["source"] = cty.StringVal(p.Source)
			}
			if p := providers[name]; p.Version != "" {
				attrs["version"] = cty.StringVal(p.Version)
			}
			tokens, err := literal(cty.ObjectVal(attrs))
			if err != nil {
				return nil, fmt.Errorf("required-providers.%s: %w", name, err)
			}
			required.SetAttributeRaw(name, tokens)
		}
	}
	return slices.Concat([]byte(header), hclwrite.Format(f.Bytes())), nil
}
