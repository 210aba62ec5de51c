package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tree finds the descendants of processes in /proc. It is asked often: what was seen once stays a member when its parent
// dies, and what such an orphan had used when it was last seen is not forgotten.
type tree struct {
	mu    sync.Mutex
	known map[int]proc
	past  time.Duration // of orphans that ended
}

// proc is a process as /proc/<pid>/stat has it.
type proc struct {
	parent  int
	started string
	cpu     time.Duration // its own, and that of the children it has waited for
	root    bool
}

func newTree() *tree { return &tree{known: map[int]proc{}} }

func (t *tree) kind() string { return "/proc" }
func (t *tree) close()       {}

func (t *tree) add(pid int) error {
	p, err := readProc(pid)
	if err != nil {
		return err
	}
	p.root = true
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[pid] = p
	return nil
}

func (t *tree) pids() (pids []int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.look()
	for pid := range t.known {
		pids = append(pids, pid)
	}
	return pids
}

func (t *tree) cpu() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.look()
	sum := t.past
	for _, p := range t.known {
		sum += p.cpu
	}
	return sum
}

func (t *tree) look() {
	now := map[int]proc{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(d))
		if p, err := readProc(pid); err == nil {
			now[pid] = p
		}
	}
	for pid, was := range t.known {
		is, alive := now[pid]
		if alive && is.started == was.started {
			is.root = was.root
			t.known[pid], now[pid] = is, is
			continue
		}
		delete(t.known, pid)
		if _, waited := t.known[was.parent]; was.root || !waited {
			t.past += was.cpu // nobody in the tree has it among its children's
		}
	}
	for found := true; found; {
		found = false
		for pid, p := range now {
			_, member := t.known[pid]
			if _, child := t.known[p.parent]; child && !member {
				t.known[pid], found = p, true
			}
		}
	}
}

// tick is the unit of times in /proc, the same on all machines that Linux runs on today.
const tick = 10 * time.Millisecond

func readProc(pid int) (proc, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return proc{}, err
	}
	// After the command's closing parenthesis: state is field 3, parent 4, utime 14 to cstime 17, start 22.
	f := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	p := proc{started: f[22-3]}
	p.parent, _ = strconv.Atoi(f[4-3])
	for field := 14; field <= 17; field++ {
		n, _ := strconv.Atoi(f[field-3])
		p.cpu += time.Duration(n) * tick
	}
	return p, nil
}

// ownCPU is what a process used itself.
func ownCPU(pid int) time.Duration {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	user, _ := strconv.Atoi(f[14-3])
	system, _ := strconv.Atoi(f[15-3])
	return time.Duration(user+system) * tick
}

// rss is a process's resident memory in MiB.
func rss(pid int) float64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(data))
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(f[1])
	return float64(pages*os.Getpagesize()) / (1 << 20)
}
