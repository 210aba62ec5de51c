package templates

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// VariablesFile is the file that RenderReview adds.
const VariablesFile = "variables.tf"

// RenderReview is RenderRoot for readers who must not learn what providers are configured with: which of it is secret,
// only the provider knows. Each text and number of provider configuration is a variable of the workspace, declared as
// sensitive in VariablesFile, so that the workspace can be planned by whoever has the values. Keys, booleans and aliases
// stay.
func RenderReview(r Root) (map[string][]byte, error) {
	files, err := RenderRoot(r) // what it refuses, is refused here
	if err != nil || len(r.ProviderConfig) == 0 {
		return files, err
	}
	v := &veil{taken: map[string]bool{}}
	blocks := make(map[string]any, len(r.ProviderConfig))
	for _, name := range slices.Sorted(maps.Keys(r.ProviderConfig)) {
		blocks[name] = v.cover(r.ProviderConfig[name], name, "")
		if blocks[name] == nil {
			blocks[name] = map[string]any{}
		}
	}
	if files[ProvidersFile], err = writeJSON(map[string]any{"provider": blocks}); err != nil {
		return nil, err
	}
	files[VariablesFile] = v.declarations()
	return files, nil
}

// veil puts variables in the place of values.
type veil struct {
	names []string
	taken map[string]bool
}

func (v *veil) cover(value any, path, key string) any {
	switch value := value.(type) {
	case nil, bool:
		return value
	case []any:
		list := make([]any, len(value))
		for i, elem := range value {
			list[i] = v.cover(elem, path+"_"+strconv.Itoa(i), "")
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(value))
		for _, k := range slices.Sorted(maps.Keys(value)) {
			name, err := escapeString(k, path)
			if err != nil {
				continue // RenderRoot has refused it
			}
			m[name] = v.cover(value[k], path+"_"+k, k)
		}
		return m
	case string:
		if key == "alias" { // Terraform wants it literal
			return value
		}
	}
	return "${var." + v.name(path) + "}"
}

// name makes a variable's name of a path, one that is not taken.
func (v *veil) name(path string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, path)
	if !modules.ValidName(name) {
		name = "v_" + name
	}
	for base, n := name, 2; v.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	v.taken[name] = true
	v.names = append(v.names, name)
	return name
}

func (v *veil) declarations() []byte {
	f := hclwrite.NewEmptyFile()
	for i, name := range v.names {
		if i > 0 {
			f.Body().AppendNewline()
		}
		block := f.Body().AppendNewBlock("variable", []string{name}).Body()
		block.SetAttributeValue("sensitive", cty.True)
	}
	return slices.Concat([]byte(header), hclwrite.Format(f.Bytes()))
}
