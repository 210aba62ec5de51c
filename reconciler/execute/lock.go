package execute

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// inheritedLock is the descriptor under which a worker gets the lock that its daemon took for it.
const inheritedLock = 3

// inheritedPlugins is the first of the descriptors by which a worker holds the plugins of its run.
const inheritedPlugins = 4

// takeLock takes the lock of a workspace's run without waiting. Holding it is the sign that a worker lives; the kernel
// frees it however the process ends.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(runPath(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("workspace %s is in use by another worker: %w", filepath.Base(dir), err)
	}
	return f, nil
}

// workerLock is takeLock in a worker, which has usually inherited the lock.
func workerLock(dir string) (*os.File, error) {
	var held, named unix.Stat_t
	if unix.Fstat(inheritedLock, &held) == nil && unix.Stat(runPath(dir, lockFile), &named) == nil && held.Ino == named.Ino && held.Dev == named.Dev {
		unix.CloseOnExec(inheritedLock) // what a module leaves running must not keep the run alive
		return os.NewFile(inheritedLock, lockFile), nil
	}
	return takeLock(dir)
}

// pulse tells whether the worker of a run lives, by its lock.
type pulse struct {
	dir string
	f   *os.File
}

func (p *pulse) alive() bool {
	if p.f == nil {
		f, err := os.Open(runPath(p.dir, lockFile))
		if err != nil {
			return !os.IsNotExist(err) // too many open files, say, is no proof of death
		}
		p.f = f
	}
	err := syscall.Flock(int(p.f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if err == nil {
		_ = syscall.Flock(int(p.f.Fd()), syscall.LOCK_UN)
		return false
	}
	return errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR)
}

func (p *pulse) close() {
	if p.f != nil {
		p.f.Close()
	}
}
