package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
)

// RunWorker is the whole life of a worker process: one run of Terraform in the workspace folder dir, as its job file
// says. It outlives the daemon that started it (own session, no parent-death signal), so that a restart or crash of
// the daemon costs no launch; the daemon follows it through the files of the run folder.
//
// SIGINT and SIGTERM interrupt Terraform, which lets running operations end; a second signal is ignored, because
// Terraform would then drop what it has in flight. A run that shares plugins is not interrupted (see Job.Plugins).
func RunWorker(dir string) error {
	// terraform-exec binds Terraform's life to the thread that starts it.
	runtime.LockOSThread()
	lock, err := workerLock(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	var job Job
	if err := readJSON(runPath(dir, jobFile), &job); err != nil {
		return err
	}
	if _, err := os.Stat(runPath(dir, resultFile)); err == nil {
		return fmt.Errorf("workspace %s: its run has ended already", filepath.Base(dir))
	}
	events, err := newSink(runPath(dir, eventsFile))
	if err != nil {
		return err
	}
	defer events.close()
	mem := newMeter()
	rep := terraform(dir, job, events)
	warm.EndUnused(filepath.Dir(filepath.Dir(dir))) // of a daemon that is gone: this may be its last run
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &ru) == nil {
		rep.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	}
	rep.MaxRSS = mem.end(ru.Maxrss * 1024)
	_ = privateState(dir) // Terraform makes its backup with the umask's mode
	return finish(dir, events, rep)
}

// terraform does the job: with the plugins that run already, and if they do not serve, with its own.
func terraform(dir string, job Job, events *sink) Report {
	plugins, fell := takePlugins(job)
	rep := attempt(dir, job, job.Timeout, plugins, events)
	if rep.Error != "" {
		rep.Died = plugins.dead()
	}
	if len(rep.Died) > 0 && rep.Interrupted.IsZero() && events.quiet() {
		fell = warm.Died
		events.say(RunAgain, "a plugin died")
		plugins.end()
		plugins = nil
		rep = attempt(dir, job, max(job.Timeout-rep.Wall, time.Second), nil, events)
	}
	rep.Plugins, rep.FellBack = plugins.word(job), fell
	plugins.end()
	return rep
}

// attempt runs Terraform once, for as long as it may take.
func attempt(dir string, job Job, limit time.Duration, plugins *plugins, events *sink) Report {
	rep := Report{ID: job.ID}
	tf, err := command(dir, job, events)
	if err == nil {
		err = privateState(dir)
	}
	if err != nil {
		rep.Error = err.Error()
		return rep
	}
	copies := keepCopies(dir)
	stop := newStopper(dir, job, limit, plugins.shared(), events)
	began := time.Now()
	err = run(stop.ctx, tf, job, plugins.reattach())
	rep.Wall = time.Since(began)
	stop.end()
	copies.end()
	at, reason := stop.stopped()
	if err == nil && (at.IsZero() || !plugins.shared() || job.Kind == Destroy) {
		return rep
	}
	if !at.IsZero() {
		rep.Interrupted, rep.TimedOut, rep.LetGoOn = at, errors.Is(reason, errTimeout), plugins.shared()
		rep.Error = reason.Error()
		endLeftovers(job.ID)
		return rep
	}
	rep.Error = err.Error()
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() { // killed: it could not end its plugins
		endLeftovers(job.ID)
	}
	return rep
}

// command prepares Terraform for the job.
func command(dir string, job Job, events *sink) (*tfexec.Terraform, error) {
	// tfexec's own ApplyJSON runs `terraform version` first, at each call; that would double the cost of an apply.
	for k, v := range map[string]string{"TF_CLI_ARGS_apply": applyArgs(job.Kind), "TF_CLI_ARGS_destroy": "-json", runMark: markOf(job.ID)} {
		if err := os.Setenv(k, v); err != nil {
			return nil, err
		}
	}
	if err := frugal(); err != nil {
		return nil, err
	}
	tf, err := tfexec.NewTerraform(dir, job.Exec)
	if err != nil {
		return nil, err
	}
	tf.SetStdout(events)
	stderr, err := os.OpenFile(runPath(dir, stderrFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	tf.SetStderr(unfailing{stderr}) // closed with the process
	return tf, tf.SetWaitDelay(job.Grace)
}

func run(ctx context.Context, tf *tfexec.Terraform, job Job, plugins *tfexec.ReattachOption) error {
	switch job.Kind {
	case Create:
		return tf.Apply(ctx, tfexec.Refresh(false), tfexec.Parallelism(job.Parallelism), plugins)
	case Refresh: // see applyArgs
		addresses, err := refreshed(tf.WorkingDir())
		if err != nil || len(addresses) == 0 {
			return err
		}
		opts := []tfexec.ApplyOption{tfexec.Parallelism(job.Parallelism), plugins}
		for _, address := range addresses {
			opts = append(opts, tfexec.Target(address))
		}
		return tf.Apply(ctx, opts...)
	case List:
		return tf.Apply(ctx, tfexec.Parallelism(job.Parallelism), plugins)
	case Destroy:
		opts := []tfexec.DestroyOption{tfexec.Refresh(false), tfexec.Parallelism(job.Parallelism), plugins}
		for _, target := range targets(job) {
			opts = append(opts, tfexec.Target(target))
		}
		return tf.Destroy(ctx, opts...)
	}
	return fmt.Errorf("unknown kind of run %q", job.Kind)
}

// targets are the addresses that a destroy is bounded to, none for a whole workspace.
func targets(job Job) (addresses []string) {
	if job.Whole {
		return nil
	}
	for _, s := range job.Slots {
		// The result resource depends on the module and goes with it, but not when the module is empty: a refresh found
		// that all of it had vanished.
		addresses = append(addresses, "module."+s, resultType+"."+s)
	}
	return addresses
}

// privateState sees to the mode of the state files: they hold secrets, and Terraform makes them with the umask's. An
// empty state is no state to Terraform, and it keeps the mode of a file that is there.
func privateState(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, StateFile), os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	for _, name := range []string{StateFile, backupFile, erroredFile} {
		if err := os.Chmod(filepath.Join(dir, name), 0o600); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// finish leaves the report behind. On a full disk it waits for room: for ever when this process holds the only copy of
// the state, because nobody else would remember what was made.
func finish(dir string, events *sink, rep Report) error {
	const patience = 10
	for try := 0; ; try++ {
		err := events.flush(dir)
		if err == nil {
			err = writeJSON(runPath(dir, resultFile), rep)
		}
		if err == nil {
			return nil
		}
		if _, gone := os.Stat(dir); os.IsNotExist(gone) || (events.state == nil && try >= patience) {
			return fmt.Errorf("record the end of the run: %w", err)
		}
		if try == 0 {
			fmt.Fprintln(os.Stderr, "record the end of the run:", err, "(tried again each second)")
		}
		time.Sleep(time.Second)
	}
}
