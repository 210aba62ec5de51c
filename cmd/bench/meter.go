package main

import (
	"os"
	"sync"
	"syscall"
	"time"
)

// meter measures a launcher with everything it starts: workers, Terraform, plugins.
type meter struct {
	group group
	stop  chan struct{}
	wg    sync.WaitGroup

	mu     sync.Mutex
	main   int           // pid of the launcher
	past   time.Duration // own CPU of launchers that ended
	window usage
}

// usage is what was used in a stretch of time. Memory is the sum of resident sizes, in which pages that processes share
// (Terraform's own code, say) count for each of them.
type usage struct {
	Seconds       float64 `json:"seconds"`
	CPUms         float64 `json:"cpu_ms"`
	LauncherCPUms float64 `json:"launcher_cpu_ms"`
	PeakRSSMiB    float64 `json:"peak_rss_mib"`          // of everything
	PeakLauncher  float64 `json:"peak_launcher_rss_mib"` // of the launcher's process
	PeakProcesses int     `json:"peak_processes"`

	began    time.Time
	cpu, own time.Duration
}

// sampleEvery is how often memory is looked at.
const sampleEvery = 100 * time.Millisecond

func newMeter() *meter {
	m := &meter{group: newGroup(), stop: make(chan struct{})}
	m.wg.Go(func() {
		t := time.NewTicker(sampleEvery)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				m.sample()
			case <-m.stop:
				return
			}
		}
	})
	return m
}

// follow begins with a launcher just started, in place of the one before.
func (m *meter) follow(pid int) error {
	if err := m.group.add(pid); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.main = pid
	return nil
}

// leave is to be called before the launcher is ended.
func (m *meter) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.past += ownCPU(m.main)
	m.main = 0
}

func (m *meter) own() time.Duration {
	if m.main == 0 {
		return m.past
	}
	return m.past + ownCPU(m.main)
}

func (m *meter) sample() {
	pids := m.group.pids()
	all := 0.0
	for _, pid := range pids {
		all += rss(pid)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &m.window
	w.PeakRSSMiB = max(w.PeakRSSMiB, all)
	w.PeakProcesses = max(w.PeakProcesses, len(pids))
	if m.main != 0 {
		w.PeakLauncher = max(w.PeakLauncher, rss(m.main))
	}
}

// begin starts a stretch, end ends it. One at a time.
func (m *meter) begin() {
	cpu := m.group.cpu()
	m.mu.Lock()
	m.window = usage{began: time.Now(), cpu: cpu, own: m.own()}
	m.mu.Unlock()
	m.sample()
}

func (m *meter) end() usage {
	m.sample()
	cpu := m.group.cpu()
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.window
	u.Seconds = time.Since(u.began).Seconds()
	u.CPUms, u.LauncherCPUms = ms(cpu-u.cpu), ms(m.own()-u.own)
	return u
}

// memory is that of the launcher and of everything now, in MiB.
func (m *meter) memory() (launcher, all float64) {
	for _, pid := range m.group.pids() {
		all += rss(pid)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return rss(m.main), all
}

// close ends what the launcher left running.
func (m *meter) close() {
	close(m.stop)
	m.wg.Wait()
	for range 50 {
		left := m.group.pids()
		if len(left) == 0 {
			break
		}
		for _, pid := range left {
			if pid != os.Getpid() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	m.group.close()
}
