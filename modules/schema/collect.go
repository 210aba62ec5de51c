package schema

import "math"

// Items reads a list. A null is an empty list when loading.
func (f Field) Items() ([]Field, bool) {
	if f.val.Kind != List {
		f.wrong("list")
		return nil, false
	}
	out := make([]Field, len(f.val.Items))
	for i := range f.val.Items {
		out[i] = f.item(i)
	}
	return out, true
}

// Strings reads a list of strings.
func (f Field) Strings() ([]string, bool) {
	items, ok := f.Items()
	var out []string
	for _, item := range items {
		if s, ok := item.Str(); ok {
			out = append(out, s)
		}
	}
	return out, ok
}

// Tree reads anything as a plain Go tree (see Value.Go). Numbers must be finite,
// as neither JSON nor Terraform knows others.
func (f Field) Tree() (any, bool) {
	if !f.finite() {
		return nil, false
	}
	return f.val.Go(), true
}

func (f Field) finite() bool {
	ok := true
	switch f.val.Kind {
	case Float:
		if math.IsInf(f.val.Float, 0) || math.IsNaN(f.val.Float) {
			f.Error("E-TYPE", "expected a finite number; quote it if it is meant as text")
			return false
		}
	case List:
		for i := range f.val.Items {
			ok = f.item(i).finite() && ok
		}
	case Map:
		for _, e := range f.val.Entries {
			ok = f.child(e.Key, e.Value).finite() && ok
		}
	}
	return ok
}

// Leaves calls fn for each scalar below f, in file order.
func (f Field) Leaves(fn func(Field)) {
	switch f.val.Kind {
	case List:
		for i := range f.val.Items {
			f.item(i).Leaves(fn)
		}
	case Map:
		for _, e := range f.val.Entries {
			f.child(e.Key, e.Value).Leaves(fn)
		}
	default:
		fn(f)
	}
}
