package workspace

import (
	"os"
	"path/filepath"
	"testing"
)

// TestShowBlocks: one of the two files is there at any time, and whatever showed or hid a block before, the next call
// puts it where it belongs.
func TestShowBlocks(t *testing.T) {
	dir := t.TempDir()
	all := []string{"a", "b", "c"}
	for _, s := range all[:2] { // c was never written
		if err := os.WriteFile(blockFile(dir, s), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range [][]string{{"a"}, {"a"}, {"b", "c"}, {}, all} {
		if err := showBlocks(dir, all, want); err != nil {
			t.Fatal(err)
		}
		seen, err := filepath.Glob(filepath.Join(dir, "*.tf"))
		if err != nil || len(seen) != min(len(want), 1)+len(want)/3 {
			t.Errorf("%v are wanted, seen are %v (%v)", want, seen, err)
		}
		for _, s := range all[:2] {
			if data, err := readBlock(dir, s); err != nil || string(data) != s {
				t.Errorf("block %s: %q %v", s, data, err)
			}
		}
	}
	if err := showBlocks(dir, all, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if err := removeBlock(dir, s); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
