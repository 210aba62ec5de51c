package option

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Strs is a list of strings.
func Strs(key string, to *[]string, def []string) Row {
	return scalar(key, "[str]", to, def, schema.Field.Strings)
}

// Dict is a mapping taken as it is.
func Dict(key string, to *map[string]any) Row {
	return free(key, "dict", to, func(f schema.Field) (map[string]any, bool) {
		if _, ok := f.Mapping(); !ok {
			return nil, false
		}
		tree, ok := f.Tree()
		if !ok {
			return nil, false
		}
		return tree.(map[string]any), true
	})
}

// Items is a list taken as it is.
func Items(key string, to *[]any) Row {
	return free(key, "list", to, func(f schema.Field) ([]any, bool) {
		if _, ok := f.Items(); !ok {
			return nil, false
		}
		tree, ok := f.Tree()
		if !ok {
			return nil, false
		}
		return tree.([]any), true
	})
}

// Texts is a mapping of names to text; other scalars become what Python's str()
// makes of them, as upstream does with tags and metadata.
func Texts(key string, to *map[string]string) Row {
	return free(key, "dict", to, func(f schema.Field) (map[string]string, bool) {
		m, ok := f.Mapping()
		if !ok {
			return nil, false
		}
		out := map[string]string{}
		m.Each(func(name string, f schema.Field) {
			switch v := f.Value(); v.Kind {
			case schema.List, schema.Map:
				f.StrictError("E-TYPE", "expected text, found %s; it is left out", v.Kind)
			default:
				out[name] = v.PyString()
			}
		})
		return out, true
	})
}

// Amounts is a mapping of resource names to whole numbers, laid over inherited.
// what names the keys in lists, such as resource. Less than 0 is 0.
func Amounts(key, what string, to *map[string]float64, inherited map[string]float64) Row {
	r := free(key, "dict", to, func(f schema.Field) (map[string]float64, bool) {
		m, ok := f.Mapping()
		if !ok {
			return nil, false
		}
		out := maps.Clone(inherited)
		if out == nil {
			out = map[string]float64{}
		}
		m.Each(func(name string, f schema.Field) {
			if n, ok := f.Int(); ok {
				out[name] = float64(max(0, n))
			}
		})
		return out, true
	})
	r.reset = func() { *to = inherited }
	r.inner = func() Table { return Table{Known("<"+what+">", "int", "")} }
	return r
}

func free[T any](key, kind string, to *T, read func(schema.Field) (T, bool)) Row {
	var none T
	r := scalar(key, kind, to, none, read)
	r.def = ""
	return r
}
