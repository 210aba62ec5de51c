package warm

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Held is the use of plugins by this process, a worker.
type Held struct{ files []*os.File }

// Hold takes up the use of plugins that this process has inherited, as descriptors from first on, or takes it anew. It
// fails when a plugin is gone.
func Hold(first int, plugins []Attachment) (*Held, error) {
	h := &Held{}
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

// End lets go of the plugins. A worker that is done with its run calls EndUnused after it.
func (h *Held) End() {
	for _, f := range h.files {
		f.Close()
	}
	h.files = nil
}
