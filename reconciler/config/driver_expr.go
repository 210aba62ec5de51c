package config

import (
	"errors"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// inputs reads a label's module inputs and parses their templates.
func inputs(m *schema.Mapping) map[string]modules.Input {
	out := map[string]modules.Input{}
	section := m.Map("inputs")
	if section == nil {
		return out
	}
	section.Each(func(name string, f schema.Field) {
		if err := modules.CheckInputName(name); err != nil {
			f.Error("E-INPUT", "%v", err)
			return
		}
		tree, ok := f.Tree()
		if !ok {
			return
		}
		in, err := modules.ParseInput(tree, f.Pos())
		if err != nil {
			reportInput(f, err)
			return
		}
		out[name] = in
	})
	return out
}

// reportInput finds the strings of an input that are no templates, to name their
// own places; err is told at the input itself if it is none of those.
func reportInput(f schema.Field, err error) {
	found := false
	f.Leaves(func(leaf schema.Field) {
		if _, err := modules.ParseInput(leaf.Value().Go(), leaf.Pos()); err != nil {
			found = true
			reportExpression(leaf, "E-INPUT", err)
		}
	})
	if !found {
		reportExpression(f, "E-INPUT", err)
	}
}

// outputs reads expressions by node field; inherited holds when there are none.
func outputs(m *schema.Mapping, inherited map[string]modules.Expr) map[string]modules.Expr {
	section := m.Map("outputs")
	if section == nil {
		return inherited
	}
	out := map[string]modules.Expr{}
	section.Each(func(name string, f schema.Field) {
		if err := modules.CheckField(name); err != nil {
			f.Error("E-OUTPUT", "%v", err)
			return
		}
		text, ok := expression(f)
		if !ok {
			return
		}
		expr, err := modules.ParseExpr(text, f.Pos())
		if err != nil {
			reportExpression(f, "E-OUTPUT", err)
			return
		}
		out[name] = expr
	})
	return out
}

// expression is the text of an output. A bare number or boolean is one too.
func expression(f schema.Field) (string, bool) {
	switch v := f.Value(); v.Kind {
	case schema.Int:
		return v.PyString(), true
	case schema.Bool:
		if v.Bool {
			return "true", true
		}
		return "false", true
	}
	return f.Str()
}

// reportExpression tells what is wrong with a template or expression, without
// the position (the issue has it), and without details of a text that holds a
// substituted variable, of which a detail could quote a part.
func reportExpression(f schema.Field, code string, err error) {
	var e *modules.Error
	switch {
	case f.Value().Kind <= schema.Date && f.Secret():
		f.Error(code, "cannot be read; it holds a substituted variable, so no details are told (in inputs, $${ stands for a literal ${)")
	case !errors.As(err, &e):
		f.Error(code, "%v", err)
	default:
		bare := *e
		bare.Pos = ""
		f.Error(code, "%v", &bare)
	}
}
