package execute

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Run is a worker process seen from the daemon: one that it started, or one that an earlier daemon started and that
// still runs (or ended meanwhile) in its workspace folder.
type Run struct {
	Dir string
	Job Job

	cmd *exec.Cmd // our own child, to be waited for; nil for an adopted worker
}

// Start launches a worker process for job in the workspace folder dir. self is the command line of a worker, to which
// the folder is added, and plugins holds the job's plugins, in their order. An error means that no worker runs.
func Start(self []string, dir string, job Job, plugins ...*os.File) (*Run, error) {
	if err := vacant(dir); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(filepath.Join(dir, runDir)); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, runDir), 0o700); err != nil {
		return nil, err
	}
	// The lock is taken here and inherited by the worker, so there is no moment at which a worker exists that does not
	// hold it: a daemon that adopts the folder can never take a slow starter for a dead one.
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	job.Started = time.Now()
	if err := os.WriteFile(runPath(dir, eventsFile), nil, 0o600); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(runPath(dir, logFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if err := writeJSON(runPath(dir, jobFile), job); err != nil {
		return nil, err
	}
	cmd := exec.Command(self[0], append(self[1:len(self):len(self)], dir)...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = append([]*os.File{lock}, plugins...) // become inheritedLock and inheritedPlugins
	for k, v := range Environ() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	return &Run{Dir: dir, Job: job, cmd: cmd}, nil
}

// vacant makes sure that no worker of an earlier run is at work in the folder.
func vacant(dir string) error {
	if _, err := os.Stat(runPath(dir, lockFile)); os.IsNotExist(err) {
		return nil
	}
	lock, err := takeLock(dir)
	if err != nil {
		return err
	}
	return lock.Close()
}

// Adopt finds the run that a workspace folder holds, finished or not: nil when there is none. One without an ID was lost
// with the machine: its job had not reached the disk, and no worker is at work on it.
func Adopt(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	err := readJSON(runPath(dir, jobFile), &r.Job)
	var torn *json.SyntaxError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case errors.As(err, &torn) && !locked(runPath(dir, lockFile)):
		return &Run{Dir: dir}, nil
	case err != nil:
		return nil, err
	}
	return r, nil
}

// Lost is a create run of which no more is known than its slots: Follow finds that its worker was killed.
func Lost(dir string, slots []string) *Run {
	return &Run{Dir: dir, Job: Job{Kind: Create, Slots: slots}}
}

// Ended reports whether the run's worker has left its report.
func (r *Run) Ended() bool {
	_, ok := r.report()
	return ok
}

// reap waits for our own child, which has written its report or is dead.
func (r *Run) reap() {
	if r.cmd != nil {
		_ = r.cmd.Wait() // its report says how it went
		r.cmd = nil
	}
}
