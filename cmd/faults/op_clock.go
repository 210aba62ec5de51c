package main

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// clock is how far a launcher's wall clock is off: a page of memory that its process maps (skew.go has the other end).
// As when an operator or ntpd sets a machine's clock, running timers and measured durations go on as before.
type clock struct {
	path string
	page []byte
}

func newClock(path string) (*clock, error) {
	if err := os.WriteFile(path, make([]byte, os.Getpagesize()), 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	page, err := syscall.Mmap(int(f.Fd()), 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return &clock{path: path, page: page}, nil
}

func (c *clock) env() []string { return []string{skewVariable + "=" + c.path} }

func (c *clock) set(d time.Duration) {
	atomic.StoreInt64((*int64)(unsafe.Pointer(&c.page[0])), int64(d/time.Second))
}

// off is how far the clock is off now.
func (c *clock) off() time.Duration {
	return time.Duration(binary.NativeEndian.Uint64(c.page)) * time.Second
}

func (c *clock) close() error { return syscall.Munmap(c.page) }

func jump(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	c := w.launchers[e.Launcher].clock
	if c == nil {
		return nil, "NOT RUN: the launcher was not built by the suite", nil
	}
	was := c.off()
	c.set(e.Skew)
	return nil, "by " + (e.Skew - was).String(), nil
}
