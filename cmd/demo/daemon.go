package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopLimit is how long the daemon may drain before it is killed.
const stopLimit = 15 * time.Second

// daemon is the running nodepool-tf.
type daemon struct {
	cmd    *exec.Cmd
	show   *screen
	exited chan struct{}

	mu    sync.Mutex
	lines []string
	err   error // set before exited closes
}

// startDaemon runs the launcher in a process group of its own, so that Ctrl-C reaches the demo
// only and the demo can end the daemon in good order.
func (w *world) startDaemon() error {
	d := &daemon{cmd: exec.Command(w.binary, "-c", w.config, "launcher"), show: w.show, exited: make(chan struct{})}
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(w.dir, "daemon.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := d.cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start the daemon: %w", err), log.Close())
	}
	go func() {
		d.follow(io.TeeReader(stderr, log))
		d.err = errors.Join(d.cmd.Wait(), log.Close())
		close(d.exited)
	}()
	w.daemon = d
	return nil
}

// follow puts what the log says about applies and host keys on the timeline; records are
// watched in ZooKeeper itself.
func (d *daemon) follow(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		text, err := lines.ReadString('\n')
		if text = strings.TrimRight(text, "\n"); text != "" {
			d.mu.Lock()
			d.lines = append(d.lines, text)
			d.mu.Unlock()
			if e, ok := logEvent(text); ok {
				d.show.happened(e)
			}
		}
		if err != nil {
			return
		}
	}
}

func (d *daemon) pid() int { return d.cmd.Process.Pid }

// tail is the end of the log.
func (d *daemon) tail(n int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(append(slices.Clone(d.lines[max(0, len(d.lines)-n):]), ""), "\n")
}

// stop ends the daemon: SIGTERM and, when that is not heard, SIGKILL to it and its children.
func (d *daemon) stop() error {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.exited:
		return nil
	case <-time.After(stopLimit):
	}
	_ = syscall.Kill(-d.pid(), syscall.SIGKILL)
	<-d.exited
	return fmt.Errorf("the daemon did not end within %s of SIGTERM and was killed", stopLimit)
}

// stopDaemon is the good end: SIGTERM, and the daemon leaves with status 0.
func (w *world) stopDaemon() error {
	start := time.Now()
	if err := w.daemon.stop(); err != nil {
		return err
	}
	if w.daemon.err != nil {
		return fmt.Errorf("the daemon's end after SIGTERM: %w", w.daemon.err)
	}
	w.show.fact("daemon", "left %s after SIGTERM, status 0", ms(time.Since(start)))
	return nil
}
