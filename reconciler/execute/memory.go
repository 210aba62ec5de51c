package execute

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Intervals between the samples of a run's memory: each half as long again as the one before, up to the last. A sample
// reads the processes' own high-water marks, so what a long-lived process took between two samples is not missed. For a
// shorter run the kernel's figures are all there is; samples would be a tenth of what its worker costs.
const (
	firstSample = 200 * time.Millisecond
	lastSample  = 5 * time.Second
)

// meter learns the most memory that this worker's run took at one time: the worker, Terraform, and what Terraform
// started (provider plugins, commands), as far as it stayed in the worker's session. Pages that processes share, such
// as a program's text, count for each of them, so the figure errs to the safe side.
type meter struct {
	done chan struct{}
	wg   sync.WaitGroup
	peak int64
}

func newMeter() *meter {
	m := &meter{done: make(chan struct{})}
	self := os.Getpid()
	m.wg.Go(func() {
		wait := firstSample
		timer := time.NewTimer(wait)
		defer timer.Stop()
		for {
			select {
			case <-m.done:
				return
			case <-timer.C:
			}
			m.peak = max(m.peak, sessionMemory(self))
			wait = min(wait*3/2, lastSample)
			timer.Reset(wait)
		}
	})
	return m
}

// end gives the peak in bytes. largest is that of the largest single child, which the kernel knows exactly also of
// those that came and went between two samples: there was never less than that and this process itself.
func (m *meter) end(largest int64) int64 {
	close(m.done)
	m.wg.Wait()
	return max(m.peak, largest+highWater(os.Getpid()))
}

// sessionMemory sums the high-water marks, in bytes, of a process and those that it and its children started, without
// what made a session of its own.
func sessionMemory(pid int) int64 {
	sid := session(pid)
	if sid == "" {
		return 0
	}
	sum := int64(0)
	seen := map[int]bool{pid: true}
	for next := []int{pid}; len(next) > 0; {
		pid, next = next[0], next[1:]
		sum += highWater(pid)
		for _, child := range children(pid) {
			if !seen[child] && session(child) == sid {
				seen[child] = true
				next = append(next, child)
			}
		}
	}
	return sum
}

// children lists the processes that a process started. A kernel built without CONFIG_PROC_CHILDREN does not tell; then
// there are none, and the kernel's figure for the largest is all there is.
func children(pid int) []int {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task/"
	dir, err := os.Open(tasks)
	if err != nil {
		return nil
	}
	defer dir.Close()
	threads, _ := dir.Readdirnames(-1)
	var pids []int
	for _, tid := range threads {
		list, _ := os.ReadFile(tasks + tid + "/children")
		for _, word := range strings.Fields(string(list)) {
			if child, err := strconv.Atoi(word); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// highWater is the most memory a process has had resident so far, in bytes, 0 when it has ended.
func highWater(pid int) int64 {
	status, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	_, rest, _ := bytes.Cut(status, []byte("\nVmHWM:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(string(line), "kB")), 10, 64)
	return kib * 1024
}
