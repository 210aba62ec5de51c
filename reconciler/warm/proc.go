package warm

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// beat is a process's start time in clock ticks since the machine booted, with its pid what tells it from all others of
// that boot; 0 when there is none. One that has ended and was not yet waited for is a zombie.
func beat(pid int) (start uint64, zombie bool) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, false
	}
	// pid (name) state ppid pgrp session ... starttime, the 22nd; the name may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const state, begun = 0, 19
	if len(fields) <= begun {
		return 0, false
	}
	start, _ = strconv.ParseUint(fields[begun], 10, 64)
	return start, fields[state] == "Z" || fields[state] == "X"
}

// runs reports whether the process that was begun at start still runs. A child of ours that has ended is waited for: until
// all its threads have ended too it cannot be, and counts as running.
func runs(pid int, start uint64) bool {
	if pid <= 1 || start == 0 {
		return false
	}
	now, zombie := beat(pid)
	if now != start || !zombie {
		return now == start
	}
	waited, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	return err == nil && waited == 0
}

// rss is how much memory a process has, in bytes; 0 when that cannot be told.
func rss(pid int) int64 {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// carries reports whether a process was started with a variable of that value.
func carries(pid int, variable string) bool {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	for kv := range bytes.SplitSeq(env, []byte{0}) {
		if string(kv) == variable {
			return true
		}
	}
	return false
}

// all lists the processes of the machine.
func all() []int {
	var pids []int
	found, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range found {
		if pid, err := strconv.Atoi(filepath.Base(p)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// kill ends a process with its group and waits for it. It leads its session, so what it started goes with it.
func kill(pid int, start uint64) {
	if !runs(pid, start) {
		return
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for deadline := time.Now().Add(time.Second); runs(pid, start) && time.Now().Before(deadline); {
		time.Sleep(2 * time.Millisecond)
	}
}
