package option

import "github.com/nodepool-tf/nodepool-tf/modules/schema"

// Named is an Entry that others refer to by name.
type Named interface {
	Entry
	EntryName() string
}

// Set is a list of named entries in the order of the file.
type Set[E Named] struct {
	List  []E
	index map[string]int
}

// Get returns the entry of that name.
func (s *Set[E]) Get(name string) (E, bool) {
	if i, ok := s.index[name]; ok {
		return s.List[i], true
	}
	var none E
	return none, false
}

// Names returns the names in the order of the file.
func (s *Set[E]) Names() []string {
	var out []string
	for _, e := range s.List {
		out = append(out, e.EntryName())
	}
	return out
}

// put adds e; one of the same name gives way, and its place.
func (s *Set[E]) put(e E) (replaced bool) {
	if s.index == nil {
		s.index = map[string]int{}
	}
	i, found := s.index[e.EntryName()]
	if found {
		s.List[i] = e
		return true
	}
	s.index[e.EntryName()] = len(s.List)
	s.List = append(s.List, e)
	return false
}

// Entries is a list of mappings, each read into what create returns.
func Entries[E Entry](key string, to *[]E, create func() E) Row {
	r := nested(key, "list", create, "[]")
	r.reset = func() { *to = nil }
	r.read = each(func(m *schema.Mapping) {
		e := create()
		Read(e, m)
		*to = append(*to, e)
	})
	return r
}

// NamedEntries is Entries for what has a name: of several with one name the last
// one is kept, and code and what (label, pool, image) word the warning.
func NamedEntries[E Named](key string, to *Set[E], code, what string, create func() E) Row {
	r := nested(key, "list", create, "[]")
	r.reset = func() { *to = Set[E]{} }
	r.read = each(func(m *schema.Mapping) {
		e := create()
		Read(e, m)
		if name := e.EntryName(); name != "" && to.put(e) {
			m.Warn(code, "%s %s is defined twice here; the last one is used", what, name)
		}
	})
	return r
}

// Sub is a mapping with options of its own; nil when it is absent.
func Sub[E any, P interface {
	*E
	Entry
}](key string, to *P) Row {
	r := nested(key, "dict", func() P { return new(E) }, "")
	r.reset = func() { *to = nil }
	r.read = func(f schema.Field) {
		if m, ok := f.Mapping(); ok {
			*to = new(E)
			Read(*to, m)
		}
	}
	return r
}

// SubOrStr is Sub, or a string of which short makes the same.
func SubOrStr[E any, P interface {
	*E
	Entry
}](key string, to *P, short func(string) P) Row {
	r := Sub(key, to).Kind("str or dict")
	read := r.read
	r.read = func(f schema.Field) {
		switch v := f.Value(); v.Kind {
		case schema.String:
			*to = short(v.Text)
		case schema.Map:
			read(f)
		default:
			f.Error("E-TYPE", "expected string or mapping, found %s", v.Kind)
		}
	}
	return r
}

func nested[E Entry](key, kind string, create func() E, suffix string) Row {
	return Row{key: key, kind: kind, suffix: suffix, inner: func() Table { return create().Options() }}
}

func each(fn func(*schema.Mapping)) func(schema.Field) {
	return func(f schema.Field) {
		items, _ := f.Items()
		for _, item := range items {
			if m, ok := item.Mapping(); ok {
				fn(m)
			}
		}
	}
}
