package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
)

// A container's first process. The kernel ends all others with it, gives it the children of those that die, and does not
// reap them; so the launcher runs below it:
//
//   - it reaps what the launcher's workers leave,
//   - a launcher that is killed (out of memory, say) or panics is started again here, and takes up the Terraform runs
//     that go on: the end of the container would kill them, and what they make at that moment would be forgotten,
//   - for the same reason it stays, when the launcher has ended for good, until the last run has. Whoever loses patience
//     (`podman stop -t`, terminationGracePeriodSeconds) kills it, and the next start takes up what was left. Plugins that
//     the launcher kept for runs to come, and could not end itself, it does not wait for.
type initProcess struct {
	args  []string
	child *os.Process
	began time.Time
	told  bool // to stop
}

// leastRun is how long a launcher must have run to be started again after a panic: one that cannot start is for the
// operator to see.
const leastRun = 10 * time.Second

// isInit reports whether this process is the first of a container that is to serve.
func isInit(args []string) bool { return os.Getpid() == 1 && slices.Contains(args, "launcher") }

// runInit serves until the launcher has ended for good, and returns its exit code.
func runInit(args []string) int {
	p := &initProcess{args: args}
	signals, ends := make(chan os.Signal, 8), make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	signal.Notify(ends, syscall.SIGCHLD)
	if err := p.start(); err != nil {
		fmt.Fprintln(os.Stderr, "nodepool-tf:", err)
		return 1
	}
	code := -1 // until the launcher has ended
	for {
		select {
		case s := <-signals:
			p.told = p.told || s == os.Interrupt || s == syscall.SIGTERM || s == syscall.SIGUSR1
			if code < 0 {
				_ = p.child.Signal(s)
			}
			continue
		case <-ends:
		}
		ended, alone := p.reap()
		switch {
		case ended == nil:
		case p.startsAgain(*ended):
			time.Sleep(time.Second)
			if err := p.start(); err != nil {
				fmt.Fprintln(os.Stderr, "nodepool-tf:", err)
				return 1
			}
			continue
		default:
			code = exitCode(*ended)
		}
		if code >= 0 && !alone {
			warm.EndOrphans()
			_, alone = p.reap()
		}
		if code >= 0 && alone {
			return code
		}
		if ended != nil {
			fmt.Fprintln(os.Stderr, "nodepool-tf: the launcher has stopped; this container ends with the last Terraform run")
		}
	}
}

// start runs the launcher in a process group of its own: a terminal's Ctrl-C reaches it through us, once.
func (p *initProcess) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p.began = time.Now()
	p.child, err = os.StartProcess(self, p.args, &os.ProcAttr{
		Env: os.Environ(), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	return err
}

// reap takes all children that have ended. ended is the launcher's status when it is among them; alone says that no
// child is left.
func (p *initProcess) reap() (ended *syscall.WaitStatus, alone bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil || pid <= 0:
			return ended, errors.Is(err, syscall.ECHILD)
		case pid == p.child.Pid:
			ended = &status
		}
	}
}

// startsAgain reports whether a launcher that ended in this way is started again.
func (p *initProcess) startsAgain(s syscall.WaitStatus) bool {
	panicked := s.ExitStatus() == 2 && time.Since(p.began) > leastRun
	if p.told || !s.Signaled() && !panicked {
		return false
	}
	fmt.Fprintf(os.Stderr, "nodepool-tf: the launcher ended (%s); it is started again\n", describe(s))
	return true
}

func describe(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "signal: " + s.Signal().String()
	}
	return fmt.Sprintf("status %d", s.ExitStatus())
}

// exitCode is what a shell would make of a status.
func exitCode(s syscall.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}
