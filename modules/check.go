package modules

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// check finds at load time what would otherwise fail a launch: names that do
// not exist, functions that do not exist, and, by evaluating over unknown
// values, wrong types and argument counts. vars holds the roots in scope.
func check(expr hclsyntax.Expression, vars map[string]cty.Value) (problem string) {
	for _, tr := range expr.Variables() {
		if problem := checkTraversal(tr, vars); problem != "" {
			return problem
		}
	}
	// Bodies of `for` over an unknown list are not evaluated: walk for functions.
	_ = hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && problem == "" {
			if _, known := functions[call.Name]; !known {
				problem = "there is no function " + call.Name + "; " + oneOf(call.Name, FunctionNames())
			}
		}
		return nil
	})
	if problem != "" {
		return problem
	}
	if _, diags := expr.Value(&hcl.EvalContext{Variables: vars, Functions: functions}); diags.HasErrors() {
		return describe(diags)
	}
	return ""
}

// checkTraversal checks the root name and, for an object whose attributes are
// known beforehand (node), the attribute.
func checkTraversal(tr hcl.Traversal, vars map[string]cty.Value) string {
	root, ok := vars[tr.RootName()]
	if !ok {
		roots := slices.Sorted(maps.Keys(vars))
		if n := nearest(tr.RootName(), nodeAttributes()); n != "" && slices.Contains(roots, "node") {
			return "there is no variable " + tr.RootName() + "; did you mean node." + n + "?"
		}
		return "there is no variable " + tr.RootName() + "; " + oneOf(tr.RootName(), roots)
	}
	name, ok := stepName(tr)
	if !ok || !root.Type().IsObjectType() || root.Type().HasAttribute(name) {
		return ""
	}
	return tr.RootName() + " has no " + name + "; " + oneOf(name, slices.Collect(maps.Keys(root.Type().AttributeTypes())))
}

// stepName is the name after the root: node.NAME or node["NAME"].
func stepName(tr hcl.Traversal) (string, bool) {
	if len(tr) < 2 {
		return "", false
	}
	switch step := tr[1].(type) {
	case hcl.TraverseAttr:
		return step.Name, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
			return step.Key.AsString(), true
		}
	}
	return "", false
}

func nodeAttributes() []string { return append(slices.Clone(nodeNames), "tags") }
