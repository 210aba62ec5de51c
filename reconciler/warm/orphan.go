package warm

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// EndUnused ends the plugins of a state directory that nobody uses, unless a daemon is there to do it: it may never come
// back, and they have the clouds' credentials in their environment.
func EndUnused(state string) {
	store := storeOf(state)
	// Listed before the look for a daemon: what one that starts in between keeps running is not among them.
	entries, _ := os.ReadDir(store)
	if owned(state) {
		return
	}
	for _, e := range entries {
		if p := read(store, e.Name()); !p.alive() || p.free() {
			p.end()
		}
	}
}

// EndOrphans does that for each state directory that a process seen from here is a plugin of.
func EndOrphans() {
	states := map[string]bool{}
	for _, pid := range all() {
		dir, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
		if err != nil {
			continue
		}
		store := filepath.Dir(dir)
		state := filepath.Dir(store)
		if _, err := os.Stat(filepath.Join(dir, recordFile)); err == nil && store == storeOf(state) {
			states[state] = true
		}
	}
	for state := range states {
		EndUnused(state)
	}
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
