package warm

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Held is the use of plugins by this process, a worker.
type Held struct {
	plugins []Attachment
	files   []*os.File
}

// Hold takes up the use of plugins that this process has inherited, as descriptors from first on, or takes it anew. It
// fails when a plugin is gone.
func Hold(first int, plugins []Attachment) (*Held, error) {
	h := &Held{plugins: plugins}
	for i, a := range plugins {
		path, fd := filepath.Join(a.Dir, useFile), first+i
		var held, named unix.Stat_t
		if unix.Fstat(fd, &held) == nil && unix.Stat(path, &named) == nil && held.Ino == named.Ino && held.Dev == named.Dev {
			unix.CloseOnExec(fd) // what a module leaves running must not keep the plugin
			h.files = append(h.files, os.NewFile(uintptr(fd), path))
			continue
		}
		p := &process{dir: a.Dir}
		f, err := p.hold()
		if err != nil {
			h.End()
			return nil, fmt.Errorf("plugin of %s: %w", a.Provider, err)
		}
		h.files = append(h.files, f)
	}
	return h, nil
}

// End lets go of the plugins. Those that nobody else uses are ended if no daemon is there to do it: it may never come
// back.
func (h *Held) End() {
	for _, f := range h.files {
		f.Close()
	}
	for _, a := range h.plugins {
		store := filepath.Dir(a.Dir)
		if owned(filepath.Dir(store)) {
			continue
		}
		p := read(store, filepath.Base(a.Dir))
		if p.free() {
			p.end()
		}
	}
	h.plugins, h.files = nil, nil
}

// owned reports whether a daemon holds the lock of a state directory.
func owned(state string) bool {
	f, err := os.Open(filepath.Join(state, "lock"))
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}
