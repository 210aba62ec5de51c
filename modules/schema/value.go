package schema

import (
	"math"
	"strconv"
	"strings"
)

// Kind is the type PyYAML would give a value.
type Kind int

// The kinds. A Date is kept as its text.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Date
	List
	Map
)

func (k Kind) String() string {
	return [...]string{"null", "boolean", "integer", "number", "string", "date", "list", "mapping"}[k]
}

// Value is a node of a parsed document. It is immutable and may be shared:
// an alias is the very value of its anchor.
type Value struct {
	Kind      Kind
	Line, Col int
	// Text is a scalar as written (without quotes), of any kind.
	Text  string
	Bool  bool
	Int   int64
	Float float64
	// Items of a list.
	Items []*Value
	// Entries of a mapping in file order, keys unique, merges applied.
	Entries []Entry

	// size and depth count the value with every alias expanded.
	size, depth int
}

// Entry is one key of a mapping and its value.
type Entry struct {
	// Key is the key's text; a key that is no string (KeyKind) is written as
	// JSON would: true, 12, null.
	Key       string
	KeyKind   Kind
	Line, Col int
	Value     *Value
}

// Get returns the value of a string key, or nil.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	for i := range v.Entries {
		if e := &v.Entries[i]; e.KeyKind == String && e.Key == key {
			return e.Value
		}
	}
	return nil
}

// Go returns the plain tree: nil, bool, int64, float64, string, []any,
// map[string]any. Dates are strings.
func (v *Value) Go() any {
	switch v.Kind {
	case Null:
		return nil
	case Bool:
		return v.Bool
	case Int:
		return v.Int
	case Float:
		return v.Float
	case List:
		list := make([]any, 0, len(v.Items))
		for _, item := range v.Items {
			list = append(list, item.Go())
		}
		return list
	case Map:
		m := make(map[string]any, len(v.Entries))
		for _, e := range v.Entries {
			m[e.Key] = e.Value.Go()
		}
		return m
	}
	return v.Text
}

// PyString is what Python's str() makes of a scalar: where upstream stringifies
// a value it is this text (22.10 becomes 22.1). Lists and mappings give "".
func (v *Value) PyString() string {
	switch v.Kind {
	case Null:
		return "None"
	case Bool:
		if v.Bool {
			return "True"
		}
		return "False"
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Float:
		return pyFloat(v.Float)
	}
	return v.Text
}

// pyFloat is Python's repr of a float: shortest digits, exponent only below
// 1e-4 and from 1e16.
func pyFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// jsonKey is the text a scalar has as a key of a JSON object.
func (v *Value) jsonKey() string {
	switch v.Kind {
	case Null:
		return "null"
	case Bool:
		return strconv.FormatBool(v.Bool)
	}
	return v.PyString()
}
