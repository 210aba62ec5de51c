package record

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
)

// writer builds one JSON object in a fixed key order. A key in bad keeps its
// original bytes as long as the field is still at its default.
type writer struct {
	buf []byte
	bad map[string]json.RawMessage
}

func newWriter(bad map[string]json.RawMessage) *writer {
	return &writer{buf: make([]byte, 0, 1024), bad: bad}
}

func (w *writer) key(k string) {
	if len(w.buf) == 0 {
		w.buf = append(w.buf, '{')
	} else {
		w.buf = append(w.buf, ", "...)
	}
	w.buf = appendString(w.buf, k)
	w.buf = append(w.buf, ": "...)
}

// kept writes the unreadable original of k, if there is one and the field was not set.
func (w *writer) kept(k string, isDefault bool) bool {
	raw, ok := w.bad[k]
	if !ok || !isDefault {
		return false
	}
	w.key(k)
	w.buf = append(w.buf, raw...)
	return true
}

func (w *writer) null(k string) {
	w.key(k)
	w.buf = append(w.buf, "null"...)
}

// str writes a string, "" as null.
func (w *writer) str(k, v string) {
	switch {
	case w.kept(k, v == ""):
	case v == "":
		w.null(k)
	default:
		w.key(k)
		w.buf = appendString(w.buf, v)
	}
}

// strs writes a list, never null.
func (w *writer) strs(k string, v []string) {
	if w.kept(k, len(v) == 0) {
		return
	}
	w.key(k)
	w.buf = append(w.buf, '[')
	for i, s := range v {
		if i > 0 {
			w.buf = append(w.buf, ", "...)
		}
		w.buf = appendString(w.buf, s)
	}
	w.buf = append(w.buf, ']')
}

// num writes a number; what JSON cannot hold becomes null.
func (w *writer) num(k string, v, def float64) {
	switch {
	case w.kept(k, v == def):
	case math.IsNaN(v) || math.IsInf(v, 0):
		w.null(k)
	default:
		w.key(k)
		w.buf = appendNumber(w.buf, v)
	}
}

func (w *writer) numPtr(k string, v *float64) {
	switch {
	case v != nil:
		w.num(k, *v, math.NaN())
	case w.kept(k, true):
	default:
		w.null(k)
	}
}

func (w *writer) intPtr(k string, v *int64) {
	switch {
	case v != nil:
		w.key(k)
		w.buf = strconv.AppendInt(w.buf, *v, 10)
	case w.kept(k, true):
	default:
		w.null(k)
	}
}

func (w *writer) bool(k string, v, def bool) {
	if w.kept(k, v == def) {
		return
	}
	w.key(k)
	w.buf = strconv.AppendBool(w.buf, v)
}

// json writes a raw value; one that is not JSON would make the whole record
// unreadable to Zuul, so it becomes null.
func (w *writer) json(k string, v json.RawMessage) {
	if len(v) == 0 || !json.Valid(v) {
		w.null(k)
		return
	}
	w.key(k)
	w.buf = append(w.buf, v...)
}

// object writes a raw value, never null.
func (w *writer) object(k string, v json.RawMessage) {
	if isNull(v) || !json.Valid(v) {
		v = json.RawMessage("{}")
	}
	w.json(k, v)
}

func (w *writer) numbers(k string, v map[string]float64) {
	if w.kept(k, v == nil) {
		return
	}
	if v == nil {
		w.null(k)
		return
	}
	inner := newWriter(nil)
	for _, name := range slices.Sorted(maps.Keys(v)) {
		inner.num(name, v[name], math.NaN())
	}
	w.key(k)
	w.buf = append(w.buf, inner.done()...)
}

func (w *writer) extras(m map[string]json.RawMessage) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if isNull(m[k]) {
			w.null(k)
			continue
		}
		w.key(k)
		w.buf = append(w.buf, m[k]...)
	}
}

func (w *writer) done() []byte {
	if len(w.buf) == 0 {
		return []byte("{}")
	}
	return append(w.buf, '}')
}

// appendString quotes s. HTML escaping is off: records are not web pages, and
// `<` in a label should look the same to a human reading ZooKeeper.
func appendString(buf []byte, s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return append(buf, bytes.TrimRight(b.Bytes(), "\n")...)
}

// appendNumber writes whole numbers without fraction, as Zuul wrote them.
func appendNumber(buf []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(buf, v, format, -1, 64)
}

func cloneRaw(m map[string]json.RawMessage) map[string]json.RawMessage {
	if m == nil {
		return nil
	}
	out := make(map[string]json.RawMessage, len(m))
	for k, v := range m {
		out[k] = bytes.Clone(v)
	}
	return out
}
