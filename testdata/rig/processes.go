package rig

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is one that runs.
type Process struct {
	Pid  int
	Exe  string // the program, "" where that cannot be told
	Args string
}

func (p Process) String() string { return fmt.Sprintf("%d (%s)", p.Pid, p.Args) }

// Processes lists those that work in dir, name it on their command line or are programs below it; dir is a folder of
// ours that nobody else uses.
func Processes(dir string) []Process {
	entries, _ := os.ReadDir("/proc")
	var found []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		exe, _ := os.Readlink(filepath.Join("/proc", e.Name(), "exe"))
		if strings.Contains(string(line), dir) || cwd == dir || strings.HasPrefix(cwd, dir+"/") || strings.HasPrefix(exe, dir+"/") {
			args := strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
			found = append(found, Process{pid, exe, args})
		}
	}
	return found
}

// EndProcesses ends what works in dir: Terraform runs with their provisioners, and what modules started. These may be
// starting one more, hence the repetition.
func EndProcesses(dir string) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("%q is no folder whose processes may be ended", dir)
	}
	for range 50 {
		left := Processes(dir)
		if len(left) == 0 {
			return nil
		}
		for _, p := range left {
			_ = syscall.Kill(p.Pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("processes %v of %s do not end", Processes(dir), dir)
}
