package execute

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// copyGap is the least time between two copies on disk. Of what Terraform writes meanwhile the newest is in memory: it is
// lost only with both processes, in the middle of a write.
const copyGap = 100 * time.Millisecond

// copies keeps a whole copy of a workspace's state while Terraform rewrites the state in place: a kill at the wrong
// moment leaves the file torn or empty, and with it everything that was in it forgotten.
type copies struct {
	dir     string
	w       *fsnotify.Watcher
	wg      sync.WaitGroup
	newest  []byte    // whole
	saved   []byte    // what is in the file
	written time.Time // when
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
	c.wg.Go(c.follow)
	return c
}

func (c *copies) follow() {
	timer := time.NewTimer(0)
	<-timer.C
	defer timer.Stop()
	for {
		select {
		case e, ok := <-c.w.Events:
			if !ok {
				return
			}
			if filepath.Base(e.Name) != StateFile || !c.take() {
				continue
			}
			if wait := copyGap - time.Since(c.written); wait > 0 {
				timer.Reset(wait)
				continue
			}
			c.save()
		case <-timer.C:
			c.save()
		case _, ok := <-c.w.Errors:
			if !ok {
				return
			}
		}
	}
}

// take reads the state and reports whether it is whole and new.
func (c *copies) take() bool {
	data, err := os.ReadFile(filepath.Join(c.dir, StateFile))
	if err != nil || len(data) == 0 || bytes.Equal(data, c.newest) || !looksWhole(data) {
		return false
	}
	c.newest = data
	return true
}

// looksWhole is json.Valid, but for what Terraform writes it costs nothing: an indented object, of which no part ends as
// the whole does.
func looksWhole(data []byte) bool {
	return bytes.HasPrefix(data, []byte("{\n")) && bytes.HasSuffix(data, []byte("\n}\n")) || json.Valid(data)
}

// save writes the newest copy unless it is there.
func (c *copies) save() {
	if c.newest == nil || bytes.Equal(c.newest, c.saved) {
		return
	}
	c.written = time.Now()
	if WriteFile(filepath.Join(c.dir, goodFile), c.newest) == nil {
		c.saved = c.newest
	}
}

func (c *copies) end() {
	if c.w != nil {
		_ = c.w.Close()
	}
	c.wg.Wait()
	c.take()
	c.save()
}
