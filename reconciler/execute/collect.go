package execute

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// unusedFor is how long a sibling or frozen module that no workspace needs is kept: the next start uses it again
// without an init.
const unusedFor = 7 * 24 * time.Hour

// Collect removes siblings, frozen modules and copied providers of a state directory that no workspace needs (inUse tells by name) and
// that were not used for a week. Call it before NewBases. Errors leave things as they are: this only saves space.
func Collect(dir string, inUse map[string]bool, now time.Time) (removed []string) {
	var kept [][]byte
	for _, base := range folders(filepath.Join(dir, "bases")) {
		block, _ := os.ReadFile(filepath.Join(base, baseBlock+".tf"))
		if inUse[filepath.Base(base)] || !stale(filepath.Join(base, readyFile), now) {
			kept = append(append(kept, block), links(base)...)
			continue
		}
		if os.RemoveAll(base) == nil {
			removed = append(removed, base)
		}
	}
	for _, copied := range append(folders(filepath.Join(dir, "modules")), folders(filepath.Join(dir, "providers"))...) {
		needed := !stale(copied, now)
		name := filepath.Base(filepath.Dir(copied)) + "/" + filepath.Base(copied)
		for _, text := range kept {
			needed = needed || bytes.Contains(text, []byte(name))
		}
		if !needed && os.RemoveAll(copied) == nil {
			removed = append(removed, copied)
		}
	}
	return removed
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
func used(base string) {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(base, readyFile), now, now) // at worst it is made again some day
}

func stale(path string, now time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && now.Sub(info.ModTime()) > unusedFor
}

func folders(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "*"))
	return found
}
