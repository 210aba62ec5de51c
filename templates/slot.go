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

// ResultType is the type of the resource in which a slot's outputs are found in
// the state, as soon as that slot alone is complete (terraform-facts 1).
//
// Terraform (1.11) does not carry the `sensitive` of a child module's output over
// to it: the text of a plan shows such values in clear where the resource is
// destroyed. Whoever shows a plan must leave this type's attributes out.
const ResultType = "terraform_data"

// Slot is one node's place in a workspace.
type Slot struct {
	// Name of both blocks: a letter or _, then letters, digits, _ and -.
	Name string
	// Source and Version as Terraform shall read them; a relative Source is
	// relative to the workspace.
	Source, Version string
	// Inputs as modules.Spec.EvalInputs gives them.
	Inputs map[string]cty.Value
}

// RenderSlot gives the file of one slot. Errors name the slot and the input,
// never a value.
func RenderSlot(s Slot) ([]byte, error) {
	if !modules.ValidName(s.Name) {
		return nil, fmt.Errorf("slot %q: not a name; allowed: letters, digits, _ and -, not starting with a digit", s.Name)
	}
	if s.Source == "" {
		return nil, fmt.Errorf("slot %s: no module source", s.Name)
	}
	f := hclwrite.NewEmptyFile()
	module := f.Body().AppendNewBlock("module", []string{s.Name}).Body()
	if err := setLiteral(module, "source", cty.StringVal(s.Source)); err != nil {
		return nil, fmt.Errorf("slot %s: %w", s.Name, err)
	}
	if s.Version != "" {
		if err := setLiteral(module, "version", cty.StringVal(s.Version)); err != nil {
			return nil, fmt.Errorf("slot %s: %w", s.Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Inputs)) {
		if err := modules.CheckInputName(name); err != nil {
			return nil, fmt.Errorf("slot %s: %w", s.Name, err)
		}
		if err := setLiteral(module, name, s.Inputs[name]); err != nil {
			return nil, fmt.Errorf("slot %s: input %w", s.Name, err)
		}
	}
	f.Body().AppendNewline()
	result := f.Body().AppendNewBlock("resource", []string{ResultType, s.Name}).Body()
	result.SetAttributeTraversal("input", hcl.Traversal{
		hcl.TraverseRoot{Name: "module"}, hcl.TraverseAttr{Name: s.Name},
	})
	return slices.Concat([]byte(header), hclwrite.Format(f.Bytes())), nil
}

func setLiteral(body *hclwrite.Body, name string, v cty.Value) error {
	tokens, err := literal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	body.SetAttributeRaw(name, tokens)
	return nil
}
