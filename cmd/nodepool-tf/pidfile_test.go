package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestWritePID(t *testing.T) {
	file := filepath.Join(t.TempDir(), "nodepool.pid")
	for name, c := range map[string]struct{ before, refuses string }{
		"none":      {"", ""},
		"garbage":   {"x\x00", ""},
		"dead":      {"2147483646\n", ""},
		"ourselves": {strconv.Itoa(os.Getpid()), ""}, // a container's second start has the same number
		"alive":     {strconv.Itoa(os.Getppid()) + "\n", "stop that one"},
	} {
		if err := os.WriteFile(file, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		remove, err := writePID(file)
		if (err != nil) != (c.refuses != "") || err != nil && !strings.Contains(err.Error(), c.refuses) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if data, _ := os.ReadFile(file); strings.TrimSpace(string(data)) != strconv.Itoa(os.Getpid()) {
			t.Errorf("%s: the file says %q", name, data)
		}
		remove()
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("%s: the file is left: %v", name, err)
		}
	}
	if _, err := writePID(filepath.Join(file, "x")); err == nil {
		t.Error("a folder that does not exist")
	}
	if remove, err := writePID(""); err != nil {
		t.Error(err)
	} else {
		remove()
	}
}
