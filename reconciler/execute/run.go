package execute

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Run is a worker process seen from the daemon: one that it started, or one that an earlier daemon started and that
// still runs (or ended meanwhile) in its workspace folder.
type Run struct {
	Dir string
	Job Job

	exited <-chan struct{} // closed when our own child ended; nil for an adopted worker
}

// Start launches a worker process for job in the workspace folder dir. self is the daemon's own binary.
func Start(self []string, dir string, job Job) (*Run, error) {
	if err := os.RemoveAll(filepath.Join(dir, runDir)); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, runDir), 0o700); err != nil {
		return nil, err
	}
	job.Started = time.Now()
	if err := writeJSON(runPath(dir, jobFile), job); err != nil {
		return nil, err
	}
	for _, f := range []string{eventsFile, lockFile} {
		if err := os.WriteFile(runPath(dir, f), nil, 0o600); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(runPath(dir, logFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(self[0], append(self[1:len(self):len(self)], dir)...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	for k, v := range Environ() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	exited := make(chan struct{})
	go func() { // ends with the process; it owns nothing else
		_ = cmd.Wait()
		close(exited)
	}()
	return &Run{Dir: dir, Job: job, exited: exited}, nil
}

// Adopt finds the run that a workspace folder holds, finished or not. ok is false when there is none.
func Adopt(dir string) (r *Run, ok bool) {
	r = &Run{Dir: dir}
	if readJSON(runPath(dir, jobFile), &r.Job) != nil {
		return nil, false
	}
	return r, true
}

// Clear removes the run from its folder once nothing more is to be learnt from it.
func (r *Run) Clear() error { return os.RemoveAll(filepath.Join(r.Dir, runDir)) }

// Alive reports whether the worker process still runs.
func (r *Run) Alive() bool {
	if r.exited != nil {
		select {
		case <-r.exited:
			return false
		default:
			return true
		}
	}
	f, err := os.Open(runPath(r.Dir, lockFile))
	if err != nil {
		return false
	}
	defer f.Close()
	// The lock goes with f; a worker just starting that loses this race would only report the folder in use, so
	// adopted runs are probed no earlier than a second after their start.
	if time.Since(r.Job.Started) < time.Second {
		return true
	}
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// Follow calls event for each event of the run, from its beginning, until the run ends; then it returns the worker's
// report. A worker that died without one gives a report of class Killed in its error. It returns early with ctx's
// error; the worker goes on.
func (r *Run) Follow(ctx context.Context, event func(Event)) (Report, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return Report{}, err
	}
	defer w.Close()
	if err := w.Add(filepath.Join(r.Dir, runDir)); err != nil {
		return Report{}, err
	}
	f, err := os.Open(runPath(r.Dir, eventsFile))
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	var partial []byte
	drain := func() {
		for {
			chunk, err := lines.ReadBytes('\n')
			partial = append(partial, chunk...)
			if err != nil {
				if err != io.EOF {
					partial = nil
				}
				return
			}
			if e, ok := ParseEvent(partial); ok {
				event(e)
			}
			partial = partial[:0]
		}
	}
	probe := time.NewTicker(500 * time.Millisecond) // only to notice a worker that was killed
	defer probe.Stop()
	exited := r.exited
	for {
		drain()
		var rep Report
		if readJSON(runPath(r.Dir, resultFile), &rep) == nil && rep.ID == r.Job.ID {
			drain()
			return rep, nil
		}
		if !r.Alive() {
			if readJSON(runPath(r.Dir, resultFile), &rep) == nil && rep.ID == r.Job.ID {
				drain()
				return rep, nil
			}
			drain()
			return Report{ID: r.Job.ID, Killed: true, Error: "the worker process died" + r.lastWords()}, nil
		}
		select {
		case <-w.Events:
		case <-w.Errors:
		case <-probe.C:
		case <-exited:
			exited = nil
		case <-ctx.Done():
			return Report{}, ctx.Err()
		}
	}
}

// lastWords is the end of what the worker itself printed, for the error text.
func (r *Run) lastWords() string {
	data, _ := os.ReadFile(runPath(r.Dir, logFile))
	if len(data) > 500 {
		data = data[len(data)-500:]
	}
	if len(data) == 0 {
		return ""
	}
	return ": " + string(data)
}
