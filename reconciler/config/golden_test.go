package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what comes out into the golden files")

const testdata = "../../testdata/config"

// TestBroken runs each testdata/config/broken/*.txtar: nodepool.yaml and, if
// there are any, secure.yaml, env and other files, with what Load, Validate and
// ValidateStrict (where it differs) say about them. A new bug is a new file.
func TestBroken(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(testdata, "broken", "*.txtar"))
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			golden(t, path)
		})
	}
}

func golden(t *testing.T, path string) {
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	var env []string
	secure := ""
	want := map[string]string{}
	kept := archive.Files[:0]
	for _, f := range archive.Files {
		switch f.Name {
		case "load", "validate", "strict":
			want[f.Name] = string(f.Data)
			continue
		case "env":
			env = strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
		case "secure.yaml":
			secure = f.Name
		}
		kept = append(kept, f)
		write(t, f.Name, f.Data)
	}
	archive.Files = kept
	// What every case needs beside it: readable TLS files and a module.
	write(t, "zk.pem", nil)
	write(t, "modules/server/main.tf", nil)

	cfg, issues, err := Load("nodepool.yaml", secure, env)
	if (cfg == nil) != (err != nil) || HasErrors(issues) != (err != nil) {
		t.Errorf("Load gives config %v and error %v with errors %v", cfg != nil, err, HasErrors(issues))
	}
	got := map[string]string{
		"load":     lines(issues),
		"validate": lines(Validate("nodepool.yaml", secure, env)),
		"strict":   lines(ValidateStrict("nodepool.yaml", secure, env)),
	}
	// A section is written only where it differs from the one before.
	if got["strict"] == got["validate"] {
		delete(got, "strict")
	}
	if *update {
		for _, name := range []string{"load", "validate", "strict"} {
			if _, ok := got[name]; !ok {
				continue
			}
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
		}
		write(t, path, txtar.Format(archive))
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func lines(issues []Issue) string {
	var b strings.Builder
	for _, i := range issues {
		fmt.Fprintf(&b, "%s %s\n", i.Severity, i)
	}
	return b.String()
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCodes: every code of config-reference.md (b) has a broken case.
func TestCodes(t *testing.T) {
	list, err := os.ReadFile(filepath.Join(testdata, "reference", "codes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Glob(filepath.Join(testdata, "broken", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for _, path := range cases {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		said.Write(data)
	}
	for line := range strings.Lines(string(list)) {
		code, elsewhere, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if code[0] == '#' || elsewhere != "" {
			continue
		}
		if !strings.Contains(said.String(), ": "+code+": ") {
			t.Errorf("no broken case gives %s", code)
		}
	}
}
