package execute

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// UnusedFor is how long a sibling or frozen module that nothing needs is kept ordinarily: the next start uses it again
// without an init.
const UnusedFor = 7 * 24 * time.Hour

// Bounds of Collect beside that.
const (
	// touchEvery is how exactly the use of a sibling is noted.
	touchEvery = time.Hour
	// uselessFor is how long a sibling whose init failed is kept: only a person who looks for the reason needs it, and the
	// providers in it may take as much room as those of one that is whole.
	uselessFor = 24 * time.Hour
)

// Collect removes the siblings, frozen modules and copied providers that nothing needs and nobody has used for so long.
// inUse tells the siblings that workspaces were made from or will be, by name. It is done while nothing is being made, and
// reports false, having done nothing, when something is. Errors leave things as they are: this only saves space.
func (b *Bases) Collect(inUse map[string]bool, unused time.Duration, now time.Time) (removed []string, done bool) {
	if !b.making.TryLock() { // an init takes minutes, and others would queue behind who waits for it
		return nil, false
	}
	defer func() {
		for _, path := range removed {
			_ = os.RemoveAll(aside(path)) // what stays is removed at the next start
		}
	}()
	defer b.making.Unlock()
	var kept [][]byte
	missing := len(inUse)
	for _, base := range folders(filepath.Join(b.dir, "bases")) {
		if inUse[filepath.Base(base)] {
			used(base, now)
		} else if spare(base, unused, now) && b.drop(base) {
			removed = append(removed, base)
			continue
		}
		block, err := os.ReadFile(filepath.Join(base, baseBlock+".tf"))
		if err == nil && inUse[filepath.Base(base)] {
			missing--
		}
		kept = append(append(kept, block), links(base)...)
	}
	if missing > 0 { // what their workspaces need cannot be told: taken in and not run yet, or somebody removed the sibling
		return removed, true
	}
	for _, copied := range append(folders(filepath.Join(b.dir, "modules")), folders(filepath.Join(b.dir, "providers"))...) {
		needed := !stale(copied, unused, now)
		name := filepath.Base(filepath.Dir(copied)) + "/" + filepath.Base(copied)
		for _, text := range kept {
			needed = needed || bytes.Contains(text, []byte(name))
		}
		if !needed && b.drop(copied) {
			removed = append(removed, copied)
		}
	}
	return removed, true
}

// drop takes a folder away, in one step: half of one, left by a daemon that was killed, would be taken for whole. Answers
// that name it are forgotten. Callers hold making.
func (b *Bases) drop(path string) bool {
	if os.Rename(path, aside(path)) != nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	name := filepath.Base(path)
	delete(b.made, name)
	delete(b.made, imported+name)
	for key, c := range b.trees {
		if c.over() && c.value.hash == name {
			delete(b.trees, key)
		}
	}
	return true
}

// aside is the name of a folder that is being removed.
func aside(path string) string {
	return filepath.Join(filepath.Dir(path), copyPrefix+filepath.Base(path))
}

// spare reports whether nobody has used a sibling for so long.
func spare(base string, unused time.Duration, now time.Time) bool {
	if _, err := os.Stat(filepath.Join(base, readyFile)); os.IsNotExist(err) {
		return stale(base, uselessFor, now)
	}
	return stale(filepath.Join(base, readyFile), unused, now)
}

// links are the targets of a sibling's links (see detach).
func links(base string) [][]byte {
	var targets [][]byte
	_ = filepath.WalkDir(filepath.Join(base, ".terraform"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			if target, err := os.Readlink(path); err == nil {
				targets = append(targets, []byte(target))
			}
		}
		return nil
	})
	return targets
}

// used notes that a sibling is in use.
func used(base string, now time.Time) {
	if ready := filepath.Join(base, readyFile); stale(ready, touchEvery, now) {
		_ = os.Chtimes(ready, now, now) // at worst it is made again some day
	}
}

// stale reports whether something was last changed, or used, longer ago than that. What cannot be told is not.
func stale(path string, than time.Duration, now time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && now.Sub(info.ModTime()) > than
}

func folders(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "*"))
	return found
}
