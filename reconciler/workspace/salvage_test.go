package workspace

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// TestLastCopy: what was copied last is read back; a file of an older release has no counts, and nonsense is no copy.
func TestLastCopy(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		sum  string
		n1   int
	}{
		"written":    {string(copiedLast{"abc", map[string]int{"n1": 3}}.encode()), "abc", 3},
		"empty":      {string(copiedLast{"abc", nil}.encode()), "abc", 0},
		"older":      {"abc", "abc", 0},
		"half":       {"abc\n{\"n1\":", "abc", 0},
		"not counts": {"abc\n[1]", "abc", 0},
		"nothing":    {"", "", 0},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, copyFile), []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := lastCopy(dir); got.sum != c.sum || got.resources["n1"] != c.n1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestNewSince: slots that shrank, or are as they were, have nothing that the copy lacks.
func TestNewSince(t *testing.T) {
	all, err := execute.HoldingsOf([]byte(halfState))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ now, before, want map[string]int }{
		"nothing was copied": {map[string]int{"n1": 1, "n2": 1}, nil, map[string]int{"n1": 1, "n2": 1}},
		"one is new":         {map[string]int{"n1": 1, "n2": 1}, map[string]int{"n1": 1}, map[string]int{"n2": 1}},
		"none is":            {map[string]int{"n1": 1, "n2": 1}, map[string]int{"n1": 1, "n2": 2}, map[string]int{}},
	} {
		got := map[string]int{}
		for _, h := range newSince(all, c.now, c.before) {
			got[h.Slot]++
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
