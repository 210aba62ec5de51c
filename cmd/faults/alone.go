package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// insideMark says that this process has a name space of its own.
const insideMark = "NODEPOOL_TF_FAULTS_INSIDE"

// alone runs this program again with a mount name space of its own, so that the disks which it fills and refuses are
// nobody else's and are gone with it, however it ends. inside is true in that second process; the first returns its exit
// code. Without root there is no such name space, and the faults that need it are not run.
func alone() (inside bool, code int) {
	if os.Getenv(insideMark) != "" || os.Geteuid() != 0 {
		return true, 0
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return false, 3
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideMark+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	runtime.LockOSThread() // the child's life is bound to the thread that starts it
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "faults: no mount name space of its own, faults of the disk are not run:", err)
		return true, 0
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return false, 3
	}
	return false, cmd.ProcessState.ExitCode()
}

// isolated reports whether mounts of this process are its own.
func isolated() bool { return os.Getenv(insideMark) != "" && os.Geteuid() == 0 }
