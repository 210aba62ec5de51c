package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// How a launcher is run. Its session is short, so that what a dead one holds is free soon.
const (
	sessionSeconds = 4
	stopTimeout    = 20 * time.Second
	again          = time.Second // a launcher that ended by itself is started again after this, as systemd does
)

// launcher is one host: a launcher with its state directory and its lines to ZooKeeper.
type launcher struct {
	*rig.Rig
	n       int
	w       *world
	proxies []*zkserver.Proxy
	clock   *clock
	disk    *disk
	hash    string                    // of the usual configuration
	spoilt  trouble                   // its configuration cannot be used
	cut     atomic.Pointer[time.Time] // since when its lines to ZooKeeper are cut, nil when they are not

	mu      sync.Mutex // guards starts and ends
	up      bool       // it is to run
	began   time.Time
	tending sync.WaitGroup
	quit    context.CancelFunc
}

func (w *world) newLauncher(n int, skewed bool) (*launcher, error) {
	l := &launcher{n: n, w: w, up: true, quit: func() {}}
	dir := filepath.Join(w.dir, fmt.Sprintf("host%d", n+1))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var addrs []string
	for _, s := range w.zk.Servers {
		p, err := zkserver.NewProxy(s.Plain())
		if err != nil {
			return nil, err
		}
		w.onClose(func() error { p.Close(); return nil })
		l.proxies, addrs = append(l.proxies, p), append(addrs, p.Addr)
	}
	o := rig.Options{
		Dir: dir, Binary: w.binary, Servers: addrs, Timeout: sessionSeconds, Config: w.configuration(usual),
		Terraform: "max-concurrent-applies: 6\n  list-interval: 5\n  refresh-interval: 90",
	}
	var err error
	if skewed {
		if l.clock, err = newClock(filepath.Join(dir, "clock")); err != nil {
			return nil, err
		}
		w.onClose(l.clock.close)
		o.Env = l.clock.env()
	}
	if l.Rig, err = rig.New(o); err != nil {
		return nil, err
	}
	if isolated() {
		if l.disk, err = mountDisk(l.StateDir); err != nil {
			return nil, err
		}
		w.onClose(l.disk.remove)
	}
	return l, nil
}

func (l *launcher) String() string { return fmt.Sprintf("launcher %d", l.n+1) }

// Start runs it.
func (l *launcher) Start() error {
	l.began = time.Now()
	return l.Rig.Start("--stop-timeout", stopTimeout.String())
}

// registered waits until its pools are, and learns what its configuration is called.
func (l *launcher) registered(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return until(ctx, func() bool {
		h, err := l.health(ctx)
		if err != nil || !strings.Contains(l.Log(), "module initialised") {
			return false
		}
		l.hash = h.Config.Hash
		return true
	})
}

// tend starts the launcher again when it ends without having been told to. Unless its disk or
// its configuration is at fault that is a finding.
func (l *launcher) tend(ctx context.Context) {
	ctx, l.quit = context.WithCancel(ctx)
	l.tending.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
			l.mu.Lock()
			ended := l.up && !l.Running()
			l.mu.Unlock()
			if !ended {
				continue
			}
			if !l.spoilt.now() && (l.disk == nil || !l.disk.now()) {
				l.w.verdict.add("launcher ended by itself", "%s: %s", l, lastLine(l.Log()))
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(again):
			}
			l.mu.Lock()
			if l.up && !l.Running() {
				if err := l.Start(); err != nil { //nolint:contextcheck // it outlives ctx
					l.w.verdict.add("launcher cannot be started", "%s: %v", l, err)
				}
			}
			l.mu.Unlock()
		}
	})
}

// down has the launcher ended by end and kept so until up. It reports false when it does not run anyway.
func (l *launcher) down(end func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	ran := l.Running()
	l.up = false
	if ran {
		end()
	}
	return ran
}

// back starts a launcher that is down.
func (l *launcher) back() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up = true; l.Running() {
		return nil
	}
	return l.Start()
}

// stop ends the launcher as an operator does, which it must do well and in time.
func (l *launcher) stop() {
	limit := stopTimeout + 15*time.Second
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_ = l.Signal(syscall.SIGTERM)
	if err := l.Wait(ctx); ctx.Err() != nil {
		l.w.verdict.add("launcher does not stop", "%s: not within %s of SIGTERM; its last words: %s", l, limit, lastLine(l.Log()))
		l.Kill()
	} else if err != nil && time.Since(l.began) > time.Second && !l.spoilt.now() { // a newborn has no ears yet
		l.w.verdict.add("launcher stops badly", "%s: %v; its last words: %s", l, err, lastLine(l.Log()))
	}
}

// pid is 0 when it does not run.
func (l *launcher) pid() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.Running() {
		return 0
	}
	return l.Pid()
}

func (l *launcher) close() {
	l.quit()
	l.tending.Wait()
	if l.Running() {
		l.Kill()
	}
	l.Close()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// until waits for something that nobody tells.
func until(ctx context.Context, ok func() bool) error {
	for !ok() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
