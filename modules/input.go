package modules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Bounds that only a mistake or an attack exceeds.
const (
	maxText  = 1 << 20 // bytes of one template or expression
	maxDepth = 64      // nesting of lists and maps in one input
)

// Input is one module input: a tree whose strings are templates over `node`.
// The zero Input is null. It may hold secrets and has no String method.
type Input struct {
	lit      cty.Value            // when it depends on no variable
	template hclsyntax.Expression // a string that does
	list     []Input
	object   map[string]Input
	merged   []Input
	given    string // of NodeVars.Given
	src      string
	pos      string
	path     string
}

// ParseInput reads a decoded YAML tree: string, bool, integers, float64, nil,
// []any and map[string]any. Every string, also inside lists and maps, is an HCL
// template over `node`; map keys are literal. pos names the place in the config
// and starts every error (an *Error).
func ParseInput(v any, pos string) (Input, error) { return overNode.parse(v, pos, "", 0) }

// scope is what the templates of a tree may name: variables as they are known
// while the config is read.
type scope map[string]cty.Value

var overNode = scope{"node": anyNode()}

func (s scope) parse(v any, pos, path string, depth int) (Input, error) {
	in := Input{pos: pos, path: path}
	if depth > maxDepth {
		return in, &Error{Pos: pos, Problem: fmt.Sprintf("lists and maps are nested more than %d deep", maxDepth)}
	}
	var err error
	switch v := v.(type) {
	case string:
		return s.template(v, pos, path)
	case []any:
		in.list = make([]Input, len(v))
		for i, elem := range v {
			if in.list[i], err = s.parse(elem, pos, fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return in, err
			}
		}
	case map[string]any:
		in.object, err = s.object(v, pos, path, depth)
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, val := range v {
			name, ok := key.(string)
			if !ok {
				return in, &Error{Pos: pos, Path: path, Problem: fmt.Sprintf("the key %v is not a string", key), Hint: "quote it"}
			}
			m[name] = val
		}
		in.object, err = s.object(m, pos, path, depth)
	default:
		in.lit, err = literal(v)
		if err != nil {
			err = &Error{Pos: pos, Path: path, Problem: err.Error(), Hint: "quote it to pass it as text"}
		}
	}
	return in, err
}

func (s scope) object(v map[string]any, pos, path string, depth int) (map[string]Input, error) {
	object := make(map[string]Input, len(v))
	for _, key := range slices.Sorted(maps.Keys(v)) {
		if !utf8.ValidString(key) {
			return nil, &Error{Pos: pos, Path: path, Problem: fmt.Sprintf("the key %q is not valid UTF-8", key)}
		}
		name := cty.NormalizeString(key)
		if _, dup := object[name]; dup {
			return nil, &Error{Pos: pos, Path: path, Problem: fmt.Sprintf("two keys differ only in how %q is encoded in Unicode", name)}
		}
		in, err := s.parse(v[key], pos, path+"["+strconv.Quote(key)+"]", depth+1)
		if err != nil {
			return nil, err
		}
		object[name] = in
	}
	return object, nil
}

// eval is the input's value for one node: wholly known, without marks.
func (in Input) eval(ctx *hcl.EvalContext) (cty.Value, error) {
	switch {
	case in.template != nil:
		v, diags := in.template.Value(ctx)
		if diags.HasErrors() {
			return cty.NilVal, &Error{Pos: in.pos, Path: in.path, Problem: describe(diags), Hint: templateHint(in.src)}
		}
		return v, nil
	case in.given != "":
		return found(in.given, ctx), nil
	case in.merged != nil:
		return in.merge(ctx)
	case in.list != nil:
		elems := make([]cty.Value, len(in.list))
		for i, elem := range in.list {
			v, err := elem.eval(ctx)
			if err != nil {
				return cty.NilVal, err
			}
			elems[i] = v
		}
		return cty.TupleVal(elems), nil
	case in.object != nil:
		attrs := make(map[string]cty.Value, len(in.object))
		for _, name := range slices.Sorted(maps.Keys(in.object)) {
			v, err := in.object[name].eval(ctx)
			if err != nil {
				return cty.NilVal, err
			}
			attrs[name] = v
		}
		return cty.ObjectVal(attrs), nil
	case in.lit != cty.NilVal:
		return in.lit, nil
	}
	return cty.NullVal(cty.DynamicPseudoType), nil
}
