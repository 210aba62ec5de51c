package execute

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
				fmt.Fprintf(&got, "%s: class=%s slot=%q%s\n\t%s\n", c.Case, e.Diagnostic.Class(), e.Diagnostic.Slot(), unreached(e.Diagnostic.Text()), e.Diagnostic.Text())
			}
			golden(t, strings.TrimSuffix(f, ".jsonl")+".golden", got.String())
		})
	}
}

// TestInitClass does the same for what init wrote, by causes: recorded with the engine the file is named for, git 2.39
// and servers of our own.
func TestInitClass(t *testing.T) {
	const f = "testdata/init/terraform-1.11.4"
	data, err := os.ReadFile(f + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range bytes.Lines(data) {
		var c struct{ Case, Text string }
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		text := shorten(errors.New(c.Text)).Error()
		fmt.Fprintf(&got, "%s: class=%s%s\n\t%s\n", c.Case, initClass(c.Text), unreached(text), text)
	}
	golden(t, f+".golden", got.String())
}

// TestFolderClass: a module that is not there is the configuration's fault, one that cannot be copied is not.
func TestFolderClass(t *testing.T) {
	for err, want := range map[error]Class{
		syscall.ENOSPC: Unknown, syscall.EDQUOT: Unknown, syscall.EMFILE: Unknown, syscall.ENFILE: Unknown, syscall.EIO: Unknown, syscall.ENOMEM: Unknown, syscall.EROFS: Unknown,
		syscall.ENOENT: Config, syscall.EACCES: Config, syscall.ENOTDIR: Config,
	} {
		if got := folderClass(&os.PathError{Op: "open", Path: "main.tf", Err: err}); got != want {
			t.Errorf("%v: %s, not %s", err, got, want)
		}
	}
}

// unreached marks what the next attempt waits for.
func unreached(text string) string {
	if Unreachable(errors.New(text)) {
		return " unreachable"
	}
	return ""
}

// golden holds got to what is in a file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err, "(make it with -update)")
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got (accept with -update):\n%s", diff)
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
