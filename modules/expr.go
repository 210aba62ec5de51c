package modules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Expr computes a node field from the outputs of the node's module.
type Expr struct {
	src  string
	pos  string
	expr hclsyntax.Expression
}

// String is the expression as the operator wrote it.
func (e Expr) String() string { return e.src }

// ParseExpr reads an HCL expression over `output` (an object of the module's
// outputs) and `node`. The word null ignores an output that happens to have a
// field's name. pos starts every error (an *Error).
func ParseExpr(src, pos string) (Expr, error) {
	if !utf8.ValidString(src) {
		return Expr{}, &Error{Pos: pos, Problem: "the expression is not valid UTF-8"}
	}
	if len(src) > maxText {
		return Expr{}, &Error{Pos: pos, Problem: fmt.Sprintf("the expression is longer than %d bytes", maxText)}
	}
	fail := func(problem string) (Expr, error) {
		return Expr{}, &Error{Pos: pos, Problem: fmt.Sprintf("expression %q: %s", src, problem), Hint: exprHint(src)}
	}
	expr, diags := hclsyntax.ParseExpression([]byte(src), "", hcl.InitialPos)
	if diags.HasErrors() {
		return fail(describe(diags))
	}
	vars := map[string]cty.Value{"node": anyNode(), "output": cty.DynamicVal}
	if problem := check(expr, vars); problem != "" {
		return fail(problem)
	}
	return Expr{src: src, pos: pos, expr: expr}, nil
}

// exprHint: the usual mistakes are a template and Terraform's own names.
func exprHint(src string) string {
	if strings.HasPrefix(strings.TrimSpace(src), "${") {
		return "write the expression alone: output.name, without ${ }"
	}
	return "an output is written output.name, fixed text in double quotes"
}

// eval is the expression's value. Terraform's values may be secret: none of
// them appears in the error.
func (e Expr) eval(ctx *hcl.EvalContext, outputs cty.Value) (cty.Value, error) {
	if e.expr == nil {
		return cty.NullVal(cty.DynamicPseudoType), nil
	}
	v, diags := e.expr.Value(ctx)
	if !diags.HasErrors() {
		return v, nil
	}
	// Asked only after a failure: try(output.a, output.b) may name what is not there.
	if missing := e.missing(outputs); len(missing) > 0 {
		return cty.NilVal, fmt.Errorf("the module has no output %s; it has: %s", strings.Join(missing, ", "), outputNames(outputs))
	}
	return cty.NilVal, fmt.Errorf("%s", redact(describe(diags), outputs))
}

// missing are the outputs the expression names and the module lacks.
func (e Expr) missing(outputs cty.Value) []string {
	var names []string
	for _, tr := range e.expr.Variables() {
		if tr.RootName() != "output" {
			continue
		}
		if name, ok := stepName(tr); ok && !outputs.Type().HasAttribute(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func outputNames(outputs cty.Value) string {
	names := slices.Sorted(maps.Keys(outputs.Type().AttributeTypes()))
	if len(names) == 0 {
		return "none at all"
	}
	return strings.Join(names, ", ")
}
