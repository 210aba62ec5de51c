package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// RunWorker is the whole life of a worker process: one run of Terraform in the workspace folder dir, as its job file
// says. It outlives the daemon that started it (own session, no parent-death signal), so that a restart or crash of
// the daemon costs no launch; the daemon follows it through the files of the run folder. Holding the lock file's flock
// is the sign that it lives; the kernel frees it however the process ends.
//
// SIGINT and SIGTERM interrupt Terraform, which lets running operations end; a second signal is ignored, because
// Terraform would then drop what it has in flight.
func RunWorker(dir string) error {
	// terraform-exec binds Terraform's life to the thread that starts it.
	runtime.LockOSThread()
	lock, err := tryLock(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	var job Job
	if err := readJSON(runPath(dir, jobFile), &job); err != nil {
		return err
	}
	events, err := os.OpenFile(runPath(dir, eventsFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer events.Close()

	// tfexec's own ApplyJSON runs `terraform version` first, at each call; that would double the cost of an apply.
	os.Setenv("TF_CLI_ARGS_apply", "-json")
	os.Setenv("TF_CLI_ARGS_destroy", "-json")
	tf, err := tfexec.NewTerraform(dir, job.Exec)
	if err != nil {
		return err
	}
	tf.SetStdout(events)
	tf.SetStderr(os.Stderr)
	tf.SetWaitDelay(job.Grace)

	ctx, stop := context.WithTimeout(context.Background(), job.Timeout)
	defer stop()
	ctx, interrupt := context.WithCancelCause(ctx)
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	groups := make(chan []int, 1)
	go func() {
		select {
		case s := <-sig:
			if s == syscall.SIGHUP {
				break // a lost terminal is no reason to stop
			}
			interrupt(fmt.Errorf("interrupted by %s", s))
		case <-ctx.Done():
		case <-done:
		}
		groups <- children()
	}()

	began := time.Now()
	err = run(ctx, tf, job)
	close(done)
	rep := Report{ID: job.ID, Wall: time.Since(began)}
	if err != nil {
		rep.Error = err.Error()
		if ctx.Err() != nil {
			rep.Interrupted = true
			rep.Error = "run took longer than " + job.Timeout.String()
			if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
				rep.Error = cause.Error()
			}
			rep.Killed = killGroups(<-groups)
		}
	}
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &ru) == nil {
		rep.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
		rep.MaxRSS = ru.Maxrss * 1024
	}
	// Terraform creates the state with the umask's mode.
	for _, f := range []string{StateFile, StateFile + ".backup", "errored.tfstate"} {
		_ = os.Chmod(filepath.Join(dir, f), 0o600)
	}
	return writeJSON(runPath(dir, resultFile), rep)
}

func run(ctx context.Context, tf *tfexec.Terraform, job Job) error {
	switch job.Kind {
	case Create:
		return tf.Apply(ctx, tfexec.Refresh(false), tfexec.Parallelism(job.Parallelism))
	case Destroy:
		opts := []tfexec.DestroyOption{tfexec.Refresh(false), tfexec.Parallelism(job.Parallelism)}
		if !job.Whole {
			for _, s := range job.Slots {
				// The result resource depends on the module, so it goes too.
				opts = append(opts, tfexec.Target(moduleAddress(s)))
			}
		}
		return tf.Destroy(ctx, opts...)
	}
	return fmt.Errorf("unknown kind of run %q", job.Kind)
}

// tryLock takes the workspace's worker lock without waiting.
func tryLock(dir string) (*os.File, error) {
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

// children lists the direct child processes, each the leader of its own process group.
func children() []int {
	var pids []int
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, t := range tasks {
		data, _ := os.ReadFile(t)
		for _, f := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// killGroups ends what a killed Terraform left running in its process group: provider plugins and local-exec
// commands. It reports whether there was anything left.
func killGroups(pgids []int) bool {
	any := false
	for _, p := range pgids {
		if syscall.Kill(-p, syscall.SIGKILL) == nil {
			any = true
		}
	}
	return any
}
