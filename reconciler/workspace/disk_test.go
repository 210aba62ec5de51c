package workspace

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpenErrors: a state directory that cannot be used is an error that names it and says what to do.
func TestOpenErrors(t *testing.T) {
	t.Parallel()
	const record = `{"id":"w","provider":"cloud","slots":{"n1":{"node":"1"}}}`
	for name, c := range map[string]struct {
		files map[string]string
		err   []string // nil: it opens
	}{
		"new":                    {},
		"intent never written":   {files: map[string]string{"workspaces/w/": ""}},
		"removed half-way":       {files: map[string]string{"workspaces/.gone-w/terraform.tfstate": "{}"}},
		"a stray file":           {files: map[string]string{"workspaces/notes.txt": "hello"}},
		"state without record":   {files: map[string]string{"workspaces/w/terraform.tfstate": "{}"}, err: []string{"workspaces/w", "workspace.json", "restore it, or destroy"}},
		"record that is no JSON": {files: map[string]string{"workspaces/w/workspace.json": "{"}, err: []string{"workspaces/w/workspace.json", "restore it, or destroy"}},
		"record of nothing":      {files: map[string]string{"workspaces/w/workspace.json": "{}"}, err: []string{"id or provider is missing"}},
		"slot of no node":        {files: map[string]string{"workspaces/w/workspace.json": strings.Replace(record, `"1"`, `""`, 1)}, err: []string{"slot n1 names no node"}},
		"slot that is null":      {files: map[string]string{"workspaces/w/workspace.json": `{"id":"w","provider":"cloud","slots":{"n1":null}}`}, err: []string{"slot n1 names no node"}},
		"job of another kind":    {files: map[string]string{"workspaces/w/workspace.json": record, "workspaces/w/run/job.json": "7"}, err: []string{"run that workspace w holds"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.m.Close()
			b.m = nil
			for path, text := range c.files {
				if strings.HasSuffix(path, "/") {
					if err := os.MkdirAll(filepath.Join(b.dir, path), 0o700); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, filepath.Join(b.dir, path), text)
			}
			m, err := Open(b.opts)
			if c.err == nil {
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if n := len(b.folders()); n > 0 && name != "a stray file" {
					t.Errorf("folders left: %v", b.folders())
				}
				return
			}
			if err == nil {
				m.Close()
				t.Fatal("it opens")
			}
			for _, part := range c.err {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error does not say %q: %v", part, err)
				}
			}
			// It can be opened once the fault is repaired: nothing is held.
			if err := os.RemoveAll(filepath.Join(b.dir, "workspaces", "w")); err != nil {
				t.Fatal(err)
			}
			if m, err = Open(b.opts); err != nil {
				t.Fatal(err)
			}
			m.Close()
		})
	}
}

func TestDirInUse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := Open(b.opts); err == nil || !strings.Contains(err.Error(), "in use by another launcher") || !strings.Contains(err.Error(), b.dir) {
		t.Errorf("error %v", err)
	}
}

// mount puts a small file system of its own on a folder. Only root can; the test says so where it was not run.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: needs root, to mount a small tmpfs")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: mount is not allowed here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.opts.Dir = t.TempDir()
	mount(t, b.opts.Dir, "ro,size=1m")
	_, err := Open(b.opts)
	if err == nil || !strings.Contains(err.Error(), "read-only") || !strings.Contains(err.Error(), b.opts.Dir) || !strings.Contains(err.Error(), "terraform.state-dir") {
		t.Errorf("error %v", err)
	}
}

// TestReadOnlyMeanwhile: the disk becomes read-only under a running daemon, as a file system with errors does. Nothing
// hangs, and it goes on where it was once the disk can be written again.
func TestReadOnlyMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mount(t, dir, "size=200m,mode=700")
	b := newBench(t, func(o *Options) { o.Dir = dir })
	b.dir = dir
	remount := func(how string) {
		b.eventually("the disk is "+how, func() bool {
			return exec.Command("mount", "-o", "remount,"+how, dir).Run() == nil // busy while a file is written
		})
	}
	b.launch("1")
	b.created("1")
	b.eventually("its run has ended", func() bool { return b.m.Stats().Creating == 0 })
	// A file that is open for writing (the lock) keeps a file system from becoming read-only.
	b.m.lock.Close()
	remount("ro")
	b.launch("2")
	if o := b.wait("2", Failed, Created); !strings.Contains(o.Err.Error(), "read-only") {
		t.Errorf("error %v", o.Err)
	}
	b.m.Destroy("1")
	if o := b.wait("1", DestroyFailed, Destroyed); !strings.Contains(o.Err.Error(), "read-only") {
		t.Errorf("error %v", o.Err)
	}
	remount("rw")
	b.wait("1", Destroyed)
	b.destroy("2")
	b.gone()
}

// TestNearlyFull: below a bound of free space no new node goes out (it waits), and those there are can be destroyed.
func TestNearlyFull(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.launch("1")
	b.created("1")
	set := func(free uint64) {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		b.m.minFree = free
	}
	set(1 << 62)
	b.launch("2")
	b.eventually("it is noticed", func() bool { return strings.Contains(b.log.String(), "nearly full") })
	b.destroy("1")
	if o, ok := b.m.State("2"); !ok || o.Kind != Queued {
		t.Errorf("state %+v", o)
	}
	if n := strings.Count(b.log.String(), "nearly full"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if !b.m.Full() {
		t.Error("it says that there is room")
	}
	set(leastFree)
	if b.m.Full() {
		t.Error("it says that there is no room")
	}
	b.created("2")
	b.destroy("2")
	b.gone()
}
