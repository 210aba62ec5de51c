package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// diskMiB is the size of a launcher's disk: it wants 64 MiB free before it launches anything, and providers are large.
const diskMiB = 256

// notRun is the note of a fault that this machine does not allow.
const notRun = "NOT RUN: it needs root"

// disk is a state directory on a file system of its own.
type disk struct {
	dir string
	trouble
}

// trouble is something that a launcher may end of.
type trouble struct {
	mu    sync.Mutex
	bad   bool
	since time.Time // of the last change
}

func mountDisk(dir string) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := syscall.Mount("faults", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", diskMiB)); err != nil {
		return nil, fmt.Errorf("mount a disk for %s: %w", dir, err)
	}
	return &disk{dir: dir}, nil
}

func (d *disk) remove() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) }

func (t *trouble) set(bad bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bad, t.since = bad, time.Now()
}

// now reports whether it is there or was a moment ago.
func (t *trouble) now() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bad || time.Since(t.since) < 3*time.Second && !t.since.IsZero()
}

// fillDisk leaves no more than e.Room KiB free.
func fillDisk(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	d := w.launchers[e.Launcher].disk
	if d == nil {
		return nil, notRun, nil
	}
	d.set(true)
	size, err := d.fill(e.Room)
	if err != nil {
		return nil, "", fmt.Errorf("write %s: %w", d.filler(), err)
	}
	return func(context.Context) error {
		defer d.set(false)
		return os.Remove(d.filler())
	}, fmt.Sprintf("%d MiB written", size>>20), nil
}

func (d *disk) filler() string { return filepath.Join(d.dir, "filler") }

func (d *disk) fill(room int) (size int64, err error) {
	f, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page := make([]byte, 64<<10)
	for {
		n, err := f.Write(page)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			return size, err
		}
	}
	size = max(0, size-int64(room)<<10)
	return size, f.Truncate(size)
}

// refuseWrites puts a read-only view of the state directory over it. What works in a folder of it already, a Terraform
// for instance, still writes; who opens a file by its name cannot.
func refuseWrites(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	d := w.launchers[e.Launcher].disk
	if d == nil {
		return nil, notRun, nil
	}
	d.set(true)
	if err := syscall.Mount(d.dir, d.dir, "", syscall.MS_BIND, ""); err != nil {
		return nil, "", err
	}
	if err := syscall.Mount("", d.dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return nil, "", errors.Join(err, d.remove())
	}
	return func(context.Context) error {
		defer d.set(false)
		return d.remove()
	}, "", nil
}
