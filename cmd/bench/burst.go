package main

import (
	"context"
	"time"
)

// burst is many requests at once. Latencies are by the records' own clock, created_time to state_time.
type burst struct {
	Requests    int         `json:"requests"`
	FulfilledMS percentiles `json:"request_to_fulfilled_ms"`
	PerSecond   float64     `json:"requests_per_second"`
	GoneMS      percentiles `json:"used_to_gone_ms"`
	GonePerS    float64     `json:"deletions_per_second"`
	// CPU of a node, creation and deletion, with everything the launcher starts; Launcher is its own process alone.
	CPUms         float64 `json:"cpu_ms_per_node"`
	CreateCPUms   float64 `json:"create_cpu_ms_per_node"`
	DeleteCPUms   float64 `json:"delete_cpu_ms_per_node"`
	LauncherCPUms float64 `json:"launcher_cpu_ms_per_node"`
	Others        others  `json:"others_per_node"`
	PeakRSSMiB    float64 `json:"peak_rss_mib"` // of everything
	PeakLauncher  float64 `json:"peak_launcher_rss_mib"`
	PeakProcesses int     `json:"peak_processes"`
}

// atOnce bounds what the bench itself has under way with ZooKeeper: as many requests as can be are in ZooKeeper before
// the first is answered.
const atOnce = 64

// burst asks for n nodes at once, calls beside, unless nil, while all exist, and gives them back at once.
func (c client) burst(ctx context.Context, m *meter, n int, beside func() error) (*burst, error) {
	b := &burst{Requests: n}
	m.begin()
	leases := make([]*lease, n)
	if err := each(ctx, n, n, func(ctx context.Context, i int) (err error) {
		leases[i], err = c.get(ctx)
		return err
	}); err != nil {
		return nil, err
	}
	made := m.end()
	var took []float64
	first, last := *leases[0].req.CreatedTime, 0.0
	for _, l := range leases {
		took = append(took, ms(l.recorded()))
		first, last = min(first, *l.req.CreatedTime), max(last, l.req.StateTime)
	}
	b.FulfilledMS, b.PerSecond = percentile(took), float64(n)/(last-first)
	if err := each(ctx, n, atOnce, func(ctx context.Context, i int) error { return c.use(ctx, leases[i]) }); err != nil {
		return nil, err
	}
	if beside != nil {
		if err := beside(); err != nil {
			return nil, err
		}
	}
	m.begin()
	began := time.Now()
	gone := make([]float64, n)
	if err := each(ctx, n, n, func(ctx context.Context, i int) error {
		took, err := c.giveBack(ctx, leases[i])
		gone[i] = ms(took)
		return err
	}); err != nil {
		return nil, err
	}
	b.GoneMS, b.GonePerS = percentile(gone), float64(n)/time.Since(began).Seconds()
	ended := m.end()
	k := float64(n)
	b.CreateCPUms, b.DeleteCPUms = made.CPUms/k, ended.CPUms/k
	b.CPUms = b.CreateCPUms + b.DeleteCPUms
	b.LauncherCPUms = (made.LauncherCPUms + ended.LauncherCPUms) / k
	b.PeakRSSMiB, b.PeakLauncher = max(made.PeakRSSMiB, ended.PeakRSSMiB), max(made.PeakLauncher, ended.PeakLauncher)
	b.PeakProcesses = max(made.PeakProcesses, ended.PeakProcesses)
	return b, nil
}

func (s *site) burst(ctx context.Context, label string, n int) (*burst, error) {
	progress("burst of %d requests for %s", n, label)
	before := s.others()
	wait := s.profileCPU(ctx, "burst-"+label, 8*time.Second)
	b, err := s.client(label).burst(ctx, s.meter, n, nil)
	wait()
	if err != nil {
		return nil, err
	}
	b.Others = s.others().since(before, n)
	return b, s.balanced(ctx, 0)
}
