package pyformat

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// vars are the values of testdata/python.py.
var vars = Object{"request": Object{
	"id": "200-0000000042", "requestor": "zuul-scheduler", "event_id": "3f1e", "tenant_name": nil,
	"labels":            []any{"bookworm-8g", "it's", `a"b`},
	"requestor_data":    map[string]any{"a b": map[string]any{"list": []any{1, 2.5, true, nil}}, "n": -1234567, "ü": "naïve\n\x01\U0001f600", "0": "zero"},
	"relative_priority": 7, "created_time": 1700000000.25,
}}

// TestPython holds the results against Python's own, which testdata/python.py recorded.
func TestPython(t *testing.T) {
	data, err := os.ReadFile("testdata/python.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		format, want, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			t.Fatalf("line %q", line)
		}
		n++
		got, err := Render(format, vars)
		switch {
		case want == "! error":
			if err == nil {
				t.Errorf("%s: %q, where Python refuses", format, got)
			}
		case err != nil:
			t.Errorf("%s: %v, where Python says %s", format, err, want)
		default:
			if e := "= " + unicodeEscape(got); e != want {
				t.Errorf("%s: %s, where Python says %s", format, e, want)
			}
		}
	}
	if n < 70 {
		t.Errorf("only %d formats", n)
	}
}

// unicodeEscape is the encoding of that name in Python.
func unicodeEscape(s string) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = strings.ReplaceAll(s, "\n", `\n`)
	return ascii(strings.ReplaceAll(s, "\x01", `\x01`))
}

func TestBounds(t *testing.T) {
	for _, format := range []string{"{request.id:99999999999999999999}", "{request.id:9999999}", strings.Repeat("{request.id:60000}", 3)} {
		if s, err := Render(format, vars); err == nil {
			t.Errorf("%s gives %d bytes", format, len(s))
		}
	}
}

// TestCheck finds bad syntax, and leaves alone what only the values tell.
func TestCheck(t *testing.T) {
	for format, good := range map[string]bool{"": true, "{request.id}": true, "{request.unknown:zz}": true, "{": false, "}": false, "{request.id!x}": false, "{request.a[}": false} {
		if err := Check(format); (err == nil) != good {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// FuzzRender: whatever a format says, nothing breaks, what comes is bounded and, if the format is, UTF-8.
func FuzzRender(f *testing.F) {
	data, err := os.ReadFile("testdata/formats.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f.Add(strings.TrimSuffix(line, "\n"))
	}
	f.Fuzz(func(t *testing.T, format string) {
		got, err := Render(format, vars)
		if err == nil && Check(format) != nil {
			t.Error("rendered although its syntax is bad")
		}
		if err == nil && (len(got) > maxResult+len(format) || utf8.ValidString(format) && !utf8.ValidString(got)) {
			t.Errorf("%d bytes", len(got))
		}
	})
}
