package modules

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// The drivers' inputs. What an operator wrote is a Literal there: only the terraform driver promises templates.

// Literal is an input that is v as it stands: a decoded YAML tree, also []string and map[string]string, whose strings
// are no templates.
func Literal(v any) (Input, error) {
	lit, err := tree(v, 0)
	return Input{lit: lit}, err
}

// Template is an input that a driver writes itself, such as "${node.hostname}". It panics on one that cannot be read.
func Template(src string) Input {
	in, err := overNode.template(src, "", "")
	if err != nil {
		panic(err)
	}
	return in
}

// Merged is an object: what later ones say lies over what earlier ones do. Each must be an object or a map, or null.
func Merged(over ...Input) Input { return Input{merged: over} }

// Given is what the launcher found out about the node's label before the launch, by the name the driver gave it; null
// where it found nothing.
func Given(name string) Input { return Input{given: name} }

// found is the value of a Given.
func found(name string, ctx *hcl.EvalContext) cty.Value {
	given := ctx.Variables["node"].GetAttr("given")
	if !given.Type().HasAttribute(name) {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return given.GetAttr(name)
}

// merge evaluates the parts of an object.
func (in Input) merge(ctx *hcl.EvalContext) (cty.Value, error) {
	attrs := map[string]cty.Value{}
	for _, part := range in.merged {
		v, err := part.eval(ctx)
		if err != nil {
			return cty.NilVal, err
		}
		if v.IsNull() {
			continue
		}
		if ty := v.Type(); !ty.IsObjectType() && !ty.IsMapType() {
			return cty.NilVal, &Error{Pos: in.pos, Problem: "a map is needed, not " + ty.FriendlyName()}
		}
		maps.Copy(attrs, v.AsValueMap())
	}
	return cty.ObjectVal(attrs), nil
}

// tree is a value of Go's plain types. Bytes that are not UTF-8 become U+FFFD.
func tree(v any, depth int) (cty.Value, error) {
	if depth > maxDepth {
		return cty.NilVal, fmt.Errorf("lists and maps are nested more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case string:
		return text(v), nil
	case []string:
		return listOf(v, depth)
	case []any:
		return listOf(v, depth)
	case map[string]string:
		return mapOf(v, depth)
	case map[string]any:
		return mapOf(v, depth)
	}
	return literal(v)
}

func listOf[E any](list []E, depth int) (cty.Value, error) {
	elems := make([]cty.Value, len(list))
	for i, e := range list {
		v, err := tree(e, depth+1)
		if err != nil {
			return cty.NilVal, err
		}
		elems[i] = v
	}
	return cty.TupleVal(elems), nil
}

func mapOf[E any](m map[string]E, depth int) (cty.Value, error) {
	attrs := make(map[string]cty.Value, len(m))
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		v, err := tree(m[key], depth+1)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
			continue
		}
		attrs[text(key).AsString()] = v
	}
	return cty.ObjectVal(attrs), errors.Join(errs...)
}
