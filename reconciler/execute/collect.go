package execute

import (
	"bytes"
	"os"
	"path/filepath"
	"time"
)

// unusedFor is how long a sibling or frozen module that no workspace needs is kept: the next start uses it again
// without an init.
const unusedFor = 7 * 24 * time.Hour

// Collect removes siblings and frozen modules of a state directory that no workspace needs (inUse tells by name) and
// that were not used for a week. Call it before NewBases. Errors leave things as they are: this only saves space.
func Collect(dir string, inUse map[string]bool, now time.Time) (removed []string) {
	var kept [][]byte
	for _, base := range folders(filepath.Join(dir, "bases")) {
		block, _ := os.ReadFile(filepath.Join(base, baseBlock+".tf"))
		if inUse[filepath.Base(base)] || !stale(filepath.Join(base, readyFile), now) {
			kept = append(kept, block)
			continue
		}
		if os.RemoveAll(base) == nil {
			removed = append(removed, base)
		}
	}
	for _, module := range folders(filepath.Join(dir, "modules")) {
		needed := !stale(module, now)
		for _, block := range kept {
			needed = needed || bytes.Contains(block, []byte("modules/"+filepath.Base(module)))
		}
		if !needed && os.RemoveAll(module) == nil {
			removed = append(removed, module)
		}
	}
	return removed
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
