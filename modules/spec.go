package modules

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// RequiredProvider is one entry of terraform { required_providers }. An empty
// Source means Terraform's implied hashicorp/<name>; an empty Version means any.
type RequiredProvider struct{ Source, Version string }

// Spec is everything a label says about turning a node into resources. It is
// immutable after loading and may be read from several goroutines.
type Spec struct {
	// RequiredProviders by local provider name.
	RequiredProviders map[string]RequiredProvider
	// ProviderConfig by local provider name: a map (one provider block) or a
	// list of maps (several blocks, all but one with an alias). Values are decoded
	// YAML, a FileField or a FileSetting. It holds secrets: never print it.
	ProviderConfig map[string]any
	// Module is instantiated once for each node.
	Module Module
	// Inputs by module input name (see CheckInputName).
	Inputs map[string]Input
	// Outputs by node field name (see FieldNames).
	Outputs map[string]Expr
	// Dynamic are Python format strings over the request, by key: what node.dynamic becomes (package pyformat,
	// config-reference.md 3.7). Whoever launches renders them; a key that cannot be rendered is left out.
	Dynamic map[string]string
}

// EvalInputs is what the module is given for one node, by input name: known
// values without marks, ready to be rendered as literals. The error (joined)
// names every input that failed.
func (s *Spec) EvalInputs(node NodeVars) (map[string]cty.Value, error) {
	ctx := &hcl.EvalContext{
		Variables: map[string]cty.Value{"node": node.value()},
		Functions: functions,
	}
	values := make(map[string]cty.Value, len(s.Inputs))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.Inputs)) {
		v, err := s.Inputs[name].eval(ctx)
		if err == nil {
			err = CheckLiteral(v)
		}
		if err == nil {
			err = CheckInputName(name)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("input %s: %w", name, err))
			continue
		}
		values[name] = v
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("inputs for node %s: %w", node.ID, errors.Join(errs...))
	}
	return values, nil
}
