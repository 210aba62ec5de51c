package modules

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// EvalOutputs computes the node's fields. outputs is the object DecodeOutput
// gave. A field without an expression takes the output of its own name when
// there is one; null, and "" for text, leave a field unset. InterfaceIP falls
// back to the first of public_ipv4, public_ipv6, private_ipv4 (private first
// with useInternalIP) and stays "" when there is none of them: whether that is
// an error depends on the connection type, so the caller decides.
//
// The error (joined) names every field that failed, its expression and the type
// of what came, never a value.
func (s *Spec) EvalOutputs(node NodeVars, outputs cty.Value, useInternalIP bool) (Fields, error) {
	var f Fields
	if outputs == cty.NilVal {
		return f, errors.New("module outputs: no value")
	}
	outputs, _ = outputs.UnmarkDeep()
	if !outputs.IsWhollyKnown() || outputs.IsNull() || !outputs.Type().IsObjectType() {
		return f, fmt.Errorf("module outputs: %s came; need a known object", outputs.Type().FriendlyName())
	}
	ctx := &hcl.EvalContext{
		Variables: map[string]cty.Value{"node": node.value(), "output": outputs},
		Functions: functions,
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
		errs = append(errs, CheckField(name))
	}
	for _, field := range fields {
		if err := s.setField(&f, field, ctx, outputs); err != nil {
			errs = append(errs, fmt.Errorf("node field %s: %w", field.name, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Fields{}, err
	}
	if f.InterfaceIP == "" {
		f.InterfaceIP = defaultInterfaceIP(f, useInternalIP)
	}
	return f, nil
}

func (s *Spec) setField(f *Fields, field field, ctx *hcl.EvalContext, outputs cty.Value) error {
	expr, explicit := s.Outputs[field.name]
	var v cty.Value
	var err error
	switch {
	case explicit:
		v, err = expr.eval(ctx, outputs)
	case outputs.Type().HasAttribute(field.name):
		v = outputs.GetAttr(field.name)
	default:
		return nil
	}
	if err == nil && !v.IsNull() {
		if err = checkResult(v); err == nil {
			err = field.set(f, v)
		}
	}
	switch {
	case err == nil:
		return nil
	case explicit && expr.pos != "":
		return fmt.Errorf("%s: expression %q: %w", expr.pos, expr.src, err)
	case explicit:
		return fmt.Errorf("expression %q: %w", expr.src, err)
	}
	return fmt.Errorf("output %s of the module: %w (an expression for %s under outputs overrides it; null ignores it)", field.name, err, field.name)
}

// checkResult keeps what a record cannot hold away from the setters.
func checkResult(v cty.Value) error {
	if err := CheckLiteral(v); err != nil {
		return fmt.Errorf("gives a result nodepool-tf cannot use: %w", err)
	}
	return nil
}

func defaultInterfaceIP(f Fields, useInternalIP bool) string {
	order := []string{f.PublicIPv4, f.PublicIPv6, f.PrivateIPv4}
	if useInternalIP {
		order = []string{f.PrivateIPv4, f.PublicIPv4, f.PublicIPv6}
	}
	for _, ip := range order {
		if ip != "" {
			return ip
		}
	}
	return ""
}
