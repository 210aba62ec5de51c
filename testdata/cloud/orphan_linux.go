package cloud

import "syscall"

// dieWithParent makes the kernel end the child when we are killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
