package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// fields reads typed values out of one JSON object. A key whose value has an
// unusable type is noted in problems and its bytes kept in bad, so that they
// can be written back unchanged.
type fields struct {
	raw      map[string]json.RawMessage
	problems []string
	bad      map[string]json.RawMessage
}

// parseObject splits data into its top-level keys. The last of several equal
// keys wins, as in Python.
func parseObject(data []byte) (*fields, error) {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if len(trimmed) == 0 {
		return nil, errors.New("no data")
	}
	if trimmed[0] != '{' {
		return nil, errors.New("not a JSON object")
	}
	f := &fields{}
	err := json.Unmarshal(trimmed, &f.raw)
	if err != nil {
		// Python's json module writes NaN and Infinity, which JSON lacks.
		if fixed, changed := replaceNonFinite(trimmed); changed {
			f.raw = nil
			err = json.Unmarshal(fixed, &f.raw)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	return f, nil
}

// replaceNonFinite turns NaN, Infinity and -Infinity outside of strings into null.
func replaceNonFinite(data []byte) ([]byte, bool) {
	out := make([]byte, 0, len(data))
	changed, inString := false, false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case inString && c == '\\' && i+1 < len(data):
			out = append(out, c, data[i+1])
			i++
			continue
		case c == '"':
			inString = !inString
		case !inString:
			if n := nonFiniteLen(data[i:]); n > 0 {
				out = append(out, "null"...)
				i += n - 1
				changed = true
				continue
			}
		}
		out = append(out, c)
	}
	return out, changed
}

func nonFiniteLen(b []byte) int {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(b, []byte(word)) {
			return len(word)
		}
	}
	return 0
}

// take removes key from the raw values, so that what is left is unknown keys.
// It reports false for absent and null.
func (f *fields) take(key string) (json.RawMessage, bool) {
	v, ok := f.raw[key]
	delete(f.raw, key)
	if !ok || isNull(v) {
		return nil, false
	}
	return v, true
}

func isNull(v json.RawMessage) bool { return len(v) == 0 || string(v) == "null" }

// problem notes the type found, never the value: it may be a secret.
func (f *fields) problem(key, want string, v json.RawMessage) {
	f.problems = append(f.problems, fmt.Sprintf("%s: want %s, got %s", key, want, typeOf(v)))
	if f.bad == nil {
		f.bad = map[string]json.RawMessage{}
	}
	f.bad[key] = bytes.Clone(v)
}

func typeOf(v json.RawMessage) string {
	switch v[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// str reads a string; null and absent are "".
func (f *fields) str(key string) string { return f.strOr(key, "") }

// strOr reads a string; absent is def, null is "".
func (f *fields) strOr(key, def string) string {
	if _, present := f.raw[key]; !present {
		return def
	}
	v, ok := f.take(key)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		f.problem(key, "a string", v)
		return ""
	}
	return s
}

// strs reads a list of strings; null and absent are the empty list.
func (f *fields) strs(key string) []string {
	v, ok := f.take(key)
	if !ok {
		return []string{}
	}
	var list []*string // pointers: encoding/json reads null into a string as ""
	if json.Unmarshal(v, &list) != nil {
		f.problem(key, "a list of strings", v)
		return []string{}
	}
	out := make([]string, len(list))
	for i, s := range list {
		if s == nil {
			f.problem(key, "a list of strings", v)
			return []string{}
		}
		out[i] = *s
	}
	return out
}

// num reads a finite number, nil for null and absent.
func (f *fields) num(key string) *float64 {
	v, ok := f.take(key)
	if !ok {
		return nil
	}
	n, ok := number(v)
	if !ok {
		f.problem(key, "a number", v)
		return nil
	}
	return &n
}

// numOrZero reads a number; null and absent are 0.
func (f *fields) numOrZero(key string) float64 {
	if n := f.num(key); n != nil {
		return *n
	}
	return 0
}

// integer reads a whole number, nil for null and absent.
func (f *fields) integer(key string) *int64 {
	v, ok := f.take(key)
	if !ok {
		return nil
	}
	n, ok := number(v)
	if !ok || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		f.problem(key, "a whole number", v)
		return nil
	}
	i := int64(n)
	return &i
}

// lenientInt reads a whole number the way nodepool reads hold_expiration:
// numeric strings count, everything unreadable is 0 (protocol.md 8.1).
func (f *fields) lenientInt(key string) *int64 {
	v, ok := f.take(key)
	if !ok {
		return nil
	}
	zero := int64(0)
	var s string
	if json.Unmarshal(v, &s) == nil {
		if i, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
			return &i
		}
		return &zero
	}
	if n, ok := number(v); ok && math.Abs(n) <= 1<<53 {
		i := int64(n)
		return &i
	}
	return &zero
}

// boolOr reads a boolean; null and absent are def.
func (f *fields) boolOr(key string, def bool) bool {
	v, ok := f.take(key)
	if !ok {
		return def
	}
	var b bool
	if json.Unmarshal(v, &b) != nil {
		f.problem(key, "a boolean", v)
		return def
	}
	return b
}

// json reads any value untouched; null and absent are nil.
func (f *fields) json(key string) json.RawMessage {
	v, _ := f.take(key)
	return bytes.Clone(v)
}

// object reads a value that is an object unless somebody erred; null, absent and an empty one are nil.
func (f *fields) object(key string) json.RawMessage {
	v := f.json(key)
	if string(v) == "{}" {
		return nil
	}
	return v
}

// numbers reads a flat object of numbers; null and absent are nil.
func (f *fields) numbers(key string) map[string]float64 {
	v, ok := f.take(key)
	if !ok {
		return nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(v, &m) != nil {
		f.problem(key, "an object of numbers", v)
		return nil
	}
	out := make(map[string]float64, len(m))
	for k, e := range m {
		if isNull(e) {
			continue
		}
		n, ok := number(e)
		if !ok {
			f.problem(key, "an object of numbers", v)
			return nil
		}
		out[k] = n
	}
	return out
}

// rest returns the keys nobody asked for.
func (f *fields) rest() map[string]json.RawMessage {
	if len(f.raw) == 0 {
		return nil
	}
	return cloneRaw(f.raw)
}

func number(v json.RawMessage) (float64, bool) {
	if c := v[0]; c != '-' && (c < '0' || c > '9') {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(v), 64)
	return n, err == nil && !math.IsInf(n, 0)
}
