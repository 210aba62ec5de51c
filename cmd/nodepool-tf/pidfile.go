package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// writePID notes our process in the file of Nodepool's option -p, for scripts that look there; "" is none. A file that
// names a running process is an error; what a dead one left is replaced (operator-surface.md 4.1).
func writePID(file string) (remove func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("-p: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err == nil && pid > 0 && pid != os.Getpid() && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil, fmt.Errorf("-p: %s says that a launcher runs as process %d: stop that one, or remove the file if it is another program", file, pid)
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return nil, fmt.Errorf("-p: %w", err)
	}
	return func() { _ = os.Remove(file) }, nil
}
