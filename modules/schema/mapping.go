package schema

import (
	"strings"
	"time"
)

// Mapping reads the options of one mapping. Each read makes its key known; Done
// reports the keys nobody asked for, with the nearest known one.
type Mapping struct {
	Field
	known map[string]bool
	order []string
}

// Elsewhere lets place word, from now on and for the whole file, where an unknown
// option belongs that is like none of its place; nil ends that.
func (m *Mapping) Elsewhere(place func(key string) string) { m.rep.elsewhere = place }

// Mapping reads a mapping.
func (f Field) Mapping() (*Mapping, bool) {
	if f.val.Kind != Map {
		f.wrong("mapping")
		return nil, false
	}
	return &Mapping{Field: f, known: map[string]bool{}}, true
}

// Accept makes keys known without reading them.
func (m *Mapping) Accept(keys ...string) {
	for _, key := range keys {
		if !m.known[key] {
			m.known[key] = true
			m.order = append(m.order, key)
		}
	}
}

// Get makes key known and returns its field if it is in the file.
func (m *Mapping) Get(key string) (Field, bool) {
	m.Accept(key)
	v := m.val.Get(key)
	return m.child(key, v), v != nil
}

// Has is Get for presence only; a null counts as present.
func (m *Mapping) Has(key string) bool {
	_, ok := m.Get(key)
	return ok
}

// Some is Get that takes a null for absent when loading, and reports it
// otherwise.
func (m *Mapping) Some(key, want string) (Field, bool) {
	f, ok := m.Get(key)
	if ok && f.val.Kind == Null {
		f.wrong(want)
		return f, false
	}
	return f, ok
}

// Missing reports a required key, at the position of the mapping.
func (m *Mapping) Missing(code, key, text string) {
	line, col := m.where()
	m.rep.add(Error, line, col, m.child(key, nil).path, code, text)
}

// Absent is the field of a key that is not there, at the position of the mapping.
func (m *Mapping) Absent(key string) Field { return Field{m.rep, m.val, m.child(key, nil).path} }

// Name reads the required, non-empty string of key.
func (m *Mapping) Name(key, code, text string) (string, bool) {
	f, ok := m.Get(key)
	if !ok || f.val.Kind == Null {
		m.Missing(code, key, text)
		return "", false
	}
	name, ok := f.Str()
	if ok && name == "" {
		f.Error(code, "%s", text)
		return "", false
	}
	return name, ok
}

// Str reads an optional string.
func (m *Mapping) Str(key, def string) string { return optional(m, key, def, Field.Str) }

// Int reads an optional integer.
func (m *Mapping) Int(key string, def int) int { return optional(m, key, def, Field.Int) }

// Bool reads an optional boolean.
func (m *Mapping) Bool(key string, def bool) bool { return optional(m, key, def, Field.Bool) }

// Seconds reads an optional whole number of seconds.
func (m *Mapping) Seconds(key string, def time.Duration) time.Duration {
	return optional(m, key, def, Field.Seconds)
}

// Strings reads an optional list of strings.
func (m *Mapping) Strings(key string) []string { return optional(m, key, nil, Field.Strings) }

// List reads an optional list.
func (m *Mapping) List(key string) []Field { return optional(m, key, nil, Field.Items) }

// Map reads an optional mapping; nil when absent or unusable.
func (m *Mapping) Map(key string) *Mapping { return optional(m, key, nil, Field.Mapping) }

func optional[T any](m *Mapping, key string, def T, read func(Field) (T, bool)) T {
	if f, ok := m.Get(key); ok {
		if v, ok := read(f); ok {
			return v
		}
	}
	return def
}

// Each calls fn with every entry in file order and makes them all known.
func (m *Mapping) Each(fn func(key string, f Field)) {
	for _, e := range m.val.Entries {
		m.Accept(e.Key)
		fn(e.Key, m.child(e.Key, e.Value))
	}
}

// Rest is Each for the keys not known yet.
func (m *Mapping) Rest(fn func(key string, f Field)) {
	for _, e := range m.val.Entries {
		if !m.known[e.Key] {
			fn(e.Key, m.child(e.Key, e.Value))
		}
	}
}

// Done reports the keys that are not known: errors when validating.
func (m *Mapping) Done() { m.unknown(severity(m.rep.Mode != Load)) }

// Only is Done for mappings where an ignored key would change the meaning: an
// unknown key is an error in every mode.
func (m *Mapping) Only() { m.unknown(Error) }

func (m *Mapping) unknown(sev Severity) {
	for _, e := range m.val.Entries {
		if m.known[e.Key] && e.KeyKind == String {
			continue
		}
		text := "unknown option " + m.rep.told(e.Key)
		if near := Nearest(e.Key, m.order); near != "" {
			text += "; did you mean " + near + "?"
		} else if m.rep.elsewhere != nil {
			text += m.rep.elsewhere(e.Key)
		}
		text += " (known here: " + strings.Join(m.order, ", ") + ")"
		m.rep.add(sev, e.Line, e.Col, m.child(e.Key, nil).path, "E-KEY", text)
	}
}
