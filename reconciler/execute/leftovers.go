package execute

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// runMark is the environment variable by which processes of a run are known: Terraform, provider plugins, local-exec
// commands. Its value is the run's id and the worker's session.
const runMark = "NODEPOOL_TF_RUN"

func markOf(id string) string {
	sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	return id + "/" + strconv.Itoa(int(sid))
}

// endLeftovers kills what a run that was interrupted or killed has left running (field-notes.md A4: a killed Terraform
// leaves its providers and commands behind). A process that made a session of its own is no leftover but something that
// a module started on purpose, a server for instance.
func endLeftovers(id string) {
	const passes = 20 // a process killed here may have forked while we looked
	for range passes {
		pids := leftovers(id)
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// leftovers lists the running processes of a run, without this one.
func leftovers(id string) []int {
	var pids []int
	procs, _ := filepath.Glob("/proc/[0-9]*")
	want := []byte(runMark + "=" + id + "/")
	for _, p := range procs {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(filepath.Join(p, "environ"))
		if err != nil {
			continue
		}
		for kv := range bytes.SplitSeq(env, []byte{0}) {
			if sid, ok := bytes.CutPrefix(kv, want); ok && string(sid) == session(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// killChildren kills what this process has started itself, Terraform, and waits until it is dead. It reports whether
// nothing is left.
func killChildren() bool {
	const passes = 500
	for range passes {
		pids := children(os.Getpid())
		if len(pids) == 0 {
			return true
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// Fields of /proc/<pid>/stat after the name.
const (
	statState   = 0
	statParent  = 1
	statSession = 3
)

// session is the session id of a process, "" when it has ended.
func session(pid int) string { return statField(pid, statSession) }

// statField is a field of a process's stat, "" when it has ended.
func statField(pid, field int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// pid (name) state ppid pgrp session ...; the name may hold anything.
	_, rest, _ := strings.Cut(string(stat[max(0, bytes.LastIndexByte(stat, ')')):]), " ")
	f := strings.Fields(rest)
	if len(f) <= field || f[statState] == "Z" {
		return ""
	}
	return f[field]
}
