package execute

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseEvent(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       Event
		slot       string
		not        bool
	}{
		{name: "start", line: `{"@timestamp":"2026-11-22T20:54:22.819308Z","hook":{"resource":{"addr":"module.n1.terraform_data.vm"},"action":"create"},"type":"apply_start"}`,
			want: Event{Type: "apply_start", Address: "module.n1.terraform_data.vm", Action: "create"}, slot: "n1"},
		{name: "result", line: `{"hook":{"resource":{"addr":"terraform_data.n1-2"},"action":"create"},"type":"apply_complete"}`,
			want: Event{Type: "apply_complete", Address: "terraform_data.n1-2", Action: "create"}, slot: "n1-2"},
		{name: "module with count", line: `{"hook":{"resource":{"addr":"module.n1[0].module.disk[\"a.b\"].x.y"},"action":"delete"},"type":"apply_errored"}`,
			want: Event{Type: "apply_errored", Address: `module.n1[0].module.disk["a.b"].x.y`, Action: "delete"}, slot: "n1"},
		{name: "plan", line: `{"change":{"resource":{"addr":"module.n1.x.y"},"action":"replace"},"type":"planned_change"}`,
			want: Event{Type: "planned_change", Address: "module.n1.x.y", Action: "replace"}, slot: "n1"},
		{name: "log line", line: `{"@message":"Terraform 1.11.4","type":"version"}`, not: true},
		{name: "plain text", line: `Releasing state lock`, not: true},
		{name: "empty", line: ``, not: true},
		{name: "half a line", line: `{"type":"apply_start","hook":{"res`, not: true},
		{name: "diagnostic without one", line: `{"type":"diagnostic"}`, not: true},
		{name: "wrong types", line: `{"type":"apply_start","hook":7}`, not: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := ParseEvent([]byte(c.line))
			if ok == c.not {
				t.Fatalf("ok = %v", ok)
			}
			if strings.Contains(c.line, "timestamp") == got.Time.IsZero() {
				t.Errorf("time %v", got.Time)
			}
			c.want.Time = got.Time
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if got.Slot() != c.slot {
				t.Errorf("slot %q, want %q", got.Slot(), c.slot)
			}
		})
	}
}

func FuzzParseEvent(f *testing.F) {
	files, _ := filepath.Glob("testdata/diagnostics/*.jsonl")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			f.Add([]byte(line))
		}
	}
	f.Add([]byte(`{"type":"apply_complete","hook":{"resource":{"addr":"terraform_data.n1"},"action":"create"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, ok := ParseEvent(line)
		if !ok || e.Diagnostic == nil {
			return
		}
		if text := e.Diagnostic.Text(); len(text) > 1100 || !utf8.ValidString(text) || strings.Contains(text, "\n") {
			t.Errorf("text is no line: %q", text)
		}
		e.Diagnostic.Class()
		if strings.ContainsAny(e.Diagnostic.Slot(), "/.") {
			t.Errorf("slot %q is no name", e.Diagnostic.Slot())
		}
	})
}
