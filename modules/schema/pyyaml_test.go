package schema

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// differs lists the documents where we do not follow PyYAML, and why.
var differs = map[string]string{
	"a:\t1\n": "a tab as a separator is accepted; it means nothing else",
	"k: =\n":  "a lone = is text; PyYAML fails over its value type",
	"k: <<\n": "a lone << is text outside of keys",
}

// TestPyYAML compares with what PyYAML made of the same documents
// (testdata/pyyaml.py).
func TestPyYAML(t *testing.T) {
	data, err := os.ReadFile("testdata/pyyaml.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var want struct {
			YAML  string
			Value any
			Error string
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		v, issues := Parse("f", []byte(want.YAML))
		var got any
		if !HasErrors(issues) {
			got = describe(v)
		}
		same := cmp.Equal(got, want.Value)
		if reason := differs[want.YAML]; (reason != "") == same {
			t.Errorf("%q: got %v %v\nPyYAML %v %v (%s)", want.YAML, got, issues, want.Value, want.Error, reason)
		}
	}
}

// describe is kind() of testdata/pyyaml.py.
func describe(v *Value) any {
	if v == nil || v.Kind == Null {
		return []any{"null", nil}
	}
	out := []any{v.Kind.String(), nil}
	switch v.Kind {
	case Bool:
		out[1] = v.Bool
	case Int, Float, String:
		out[1] = v.PyString()
	case List:
		items := []any{}
		for _, item := range v.Items {
			items = append(items, describe(item))
		}
		out[1] = items
	case Map:
		entries := []any{}
		for _, e := range v.Entries {
			key := []any{e.KeyKind.String(), e.Key}
			switch e.KeyKind {
			case Null:
				key[1] = nil
			case Bool:
				key[1] = e.Key == "true"
			}
			entries = append(entries, []any{key, describe(e.Value)})
		}
		out[1] = entries
	}
	return out
}
