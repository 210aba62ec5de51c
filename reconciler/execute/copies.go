package execute

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// copies keeps a whole copy of a workspace's state beside it while Terraform rewrites the state in place: a kill at the
// wrong moment leaves the file torn or empty, and with it everything that was in it forgotten.
type copies struct {
	dir  string
	w    *fsnotify.Watcher
	wg   sync.WaitGroup
	last []byte
}

// keepCopies starts keeping copies in the workspace folder dir, until end. Without a watch from the kernel there is only
// the copy made at the end.
func keepCopies(dir string) *copies {
	c := &copies{dir: dir}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return c
	}
	if err := w.Add(dir); err != nil {
		_ = w.Close()
		return c
	}
	c.w = w
	c.wg.Go(func() {
		for {
			select {
			case e, ok := <-w.Events:
				if !ok {
					return
				}
				if filepath.Base(e.Name) == StateFile {
					c.take()
				}
			case _, ok := <-w.Errors:
				if !ok {
					return
				}
			}
		}
	})
	return c
}

// take copies the state if it is whole and new.
func (c *copies) take() {
	data, err := os.ReadFile(filepath.Join(c.dir, StateFile))
	if err != nil || len(data) == 0 || string(data) == string(c.last) || !json.Valid(data) {
		return
	}
	if WriteFile(filepath.Join(c.dir, goodFile), data) == nil {
		c.last = data
	}
}

func (c *copies) end() {
	if c.w != nil {
		_ = c.w.Close()
	}
	c.wg.Wait()
	c.take()
}
