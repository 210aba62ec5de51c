package execute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiagnostics holds what is made of recorded diagnostics to a golden list. providers.jsonl holds texts of providers'
// real errors; the other files were recorded with the engine they are named for, slot n0000000042.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/diagnostics/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for line := range bytes.Lines(data) {
				var c struct{ Case string }
				if err := json.Unmarshal(line, &c); err != nil {
					t.Fatal(err)
				}
				e, ok := ParseEvent(line)
				if !ok || e.Diagnostic == nil {
					t.Fatalf("not a diagnostic: %s", line)
				}
				fmt.Fprintf(&got, "%s: class=%s slot=%q\n\t%s\n", c.Case, e.Diagnostic.Class(), e.Diagnostic.Slot(), e.Diagnostic.Text())
			}
			golden := strings.TrimSuffix(f, ".jsonl") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err, "(make it with -update)")
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("-want +got (accept with -update):\n%s", diff)
			}
		})
	}
}

func TestClassOfAnErrorBelow(t *testing.T) {
	err := fmt.Errorf("launch: %w", &Error{Class: Quota, Op: "apply", Err: os.ErrInvalid, Hint: "ask for more"})
	if got := ClassOf(err); got != Quota {
		t.Errorf("class %s", got)
	}
	if got := ClassOf(os.ErrInvalid); got != Unknown {
		t.Errorf("class of an error without one: %s", got)
	}
	if got, want := err.Error(), "launch: apply: invalid argument (ask for more)"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}
