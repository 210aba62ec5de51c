package templates

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// ListBlock is the name of a list run's module block and of its root output, which is text: the JSON of what the module
// gives as `resources`.
const ListBlock = "list"

// List is the root of a run that lists what a provider's cloud has.
type List struct {
	Source string               // of the list module, as Terraform shall read it
	Inputs map[string]cty.Value // those that the module declares
}

// RenderList gives the file with the module block and the output. The output is marked sensitive, so that Terraform does
// not repeat the whole list in its event stream.
func RenderList(l List) ([]byte, error) {
	f := hclwrite.NewEmptyFile()
	module := f.Body().AppendNewBlock("module", []string{ListBlock}).Body()
	if err := setLiteral(module, "source", cty.StringVal(l.Source)); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(l.Inputs)) {
		if err := setLiteral(module, name, l.Inputs[name]); err != nil {
			return nil, fmt.Errorf("list: input %w", err)
		}
	}
	f.Body().AppendNewline()
	out := f.Body().AppendNewBlock("output", []string{ListBlock}).Body()
	out.SetAttributeRaw("value", hclwrite.TokensForFunctionCall("jsonencode", hclwrite.TokensForTraversal(hcl.Traversal{
		hcl.TraverseRoot{Name: "module"}, hcl.TraverseAttr{Name: ListBlock}, hcl.TraverseAttr{Name: "resources"},
	})))
	out.SetAttributeValue("sensitive", cty.True)
	return slices.Concat([]byte(header), hclwrite.Format(f.Bytes())), nil
}

// RenderEmpty gives the file with an empty block for one resource: all that `terraform import` wants.
func RenderEmpty(resourceType, name string) ([]byte, error) {
	if !modules.ValidName(resourceType) || !modules.ValidName(name) {
		return nil, fmt.Errorf("%q.%q is no address of a resource", resourceType, name)
	}
	f := hclwrite.NewEmptyFile()
	f.Body().AppendNewBlock("resource", []string{resourceType, name})
	return slices.Concat([]byte(header), hclwrite.Format(f.Bytes())), nil
}
