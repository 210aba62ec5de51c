package warm

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	simcloud "github.com/nodepool-tf/nodepool-tf/testdata/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin is the test provider's program. It is built once, by the first test that asks, which therefore must not be
// over before the others: all are sub-tests of TestPool.
var plugin string

func build(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if _, err := simcloud.Mirror(context.WithoutCancel(t.Context()), dir); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), "terraform-provider-") {
			plugin = path
		}
		return err
	})
	if err != nil || plugin == "" {
		t.Fatal("no provider was built", err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// folder is an initialised folder in a state directory, with providers by address and their programs.
func folder(t *testing.T, state string, providers map[string]string) string {
	t.Helper()
	dir := filepath.Join(state, "workspaces", "w")
	lock := "# written by init\n"
	for address, program := range providers {
		name := address[strings.LastIndexByte(address, '/')+1:]
		lock += fmt.Sprintf("provider %q {\n  version = \"1.2.3\"\n  constraints = \"~> 1.0\"\n  hashes = [\"h1:%s\"]\n}\n", address, name)
		at := filepath.Join(dir, ".terraform", "providers", filepath.FromSlash(address), "1.2.3", "linux_amd64", "terraform-provider-"+name+"_v1.2.3_x5")
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, at); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, lockFile), lock, 0o600)
	write(t, filepath.Join(dir, ".terraform", "modules", "modules.json"), `{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"n1","Source":"../../modules/m","Dir":"../../modules/m"}]}`, 0o600)
	write(t, filepath.Join(state, "modules", "m", "main.tf"), "resource \"x_y\" \"z\" {}\n", 0o600)
	return dir
}

// script is a program.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	write(t, path, "#!/bin/sh\n"+text+"\n", 0o700)
	return path
}

type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func open(t *testing.T, state string, change ...func(*Options)) *Pool {
	t.Helper()
	l := &log{}
	o := Options{Dir: state, Env: map[string]string{"PATH": os.Getenv("PATH"), "TOKEN": "s3cr3t"}, Log: slog.New(slog.NewTextHandler(l, nil)), Patience: 20 * time.Second}
	for _, c := range change {
		c(&o)
	}
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if strings.Contains(l.String(), "s3cr3t") {
			t.Error("the log holds the secret")
		}
		if t.Failed() {
			t.Logf("log:\n%s", l)
		}
	})
	return p
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
