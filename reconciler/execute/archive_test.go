package execute

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// TestPack: files come back as they were, in no more bytes than packedSize says; what is no file is let be.
func TestPack(t *testing.T) {
	name := rapid.StringMatching(`[a-zé]{1,120}/[ -.0-~é☃]{1,60}x`)
	size := rapid.IntRange(0, 1200)
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	rapid.Check(t, func(t *rapid.T) {
		defer os.RemoveAll(in)
		defer os.RemoveAll(out)
		if err := errors.Join(os.Mkdir(in, 0o700), os.Mkdir(out, 0o700), syscall.Mkfifo(filepath.Join(in, "0"), 0o600), os.Symlink("/etc/passwd", filepath.Join(in, "1"))); err != nil {
			t.Fatal(err)
		}
		files := rapid.MapOfN(name, size, 0, 5).Draw(t, "files")
		most := int64(packedEnd)
		for name, size := range files {
			path := filepath.Join(in, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, bytes.Repeat([]byte("x"), size), 0o600)); err != nil {
				t.Fatal(err)
			}
			most += packedSize(name, int64(size))
		}
		data, err := pack(in)
		if err != nil || int64(len(data)) > most {
			t.Fatalf("%d bytes, at most %d: %v", len(data), most, err)
		}
		if err := unpack(data, out); err != nil {
			t.Fatal(err)
		}
		found := 0
		_ = filepath.WalkDir(out, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				found++
			}
			return err
		})
		if found != len(files) {
			t.Errorf("%d files of %d", found, len(files))
		}
		for name, size := range files {
			if got, err := os.ReadFile(filepath.Join(out, name)); err != nil || len(got) != size {
				t.Errorf("%q: %d bytes of %d, %v", name, len(got), size, err)
			}
		}
	})
}

// TestFreezeBound: a module that could not be kept is refused, one that could just be is packed.
func TestFreezeBound(t *testing.T) {
	for _, c := range []struct {
		size int64
		err  string
	}{{maxShared - packedEnd - 2*tarBlock - tarBlock, ""}, {maxShared - packedEnd - 2*tarBlock, "more than 20000 files or 64 MiB"}} {
		dir, store := t.TempDir(), filepath.Join(t.TempDir(), "modules")
		write(t, filepath.Join(dir, "main.tf"), "# a module\n")
		write(t, filepath.Join(dir, "image"), "")
		if err := os.Truncate(filepath.Join(dir, "image"), c.size); err != nil {
			t.Fatal(err)
		}
		f, err := freeze(dir, store, frozen{})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%d bytes: %v, want %q", c.size, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, err := pack(filepath.Join(store, f.hash)); err != nil || len(data) > maxShared {
			t.Errorf("%d bytes of %d: %v", len(data), c.size, err)
		}
	}
}
