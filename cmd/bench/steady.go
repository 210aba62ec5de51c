package main

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// steady is an open loop: requests arrive at a rate, whether or not those before are answered.
type steady struct {
	PerSecond   float64     `json:"requests_per_second"`
	Seconds     float64     `json:"seconds"`
	HoldSeconds float64     `json:"nodes_held_seconds"`
	Requests    int         `json:"requests"`
	FulfilledMS percentiles `json:"request_to_fulfilled_ms"`
	GoneMS      percentiles `json:"used_to_gone_ms"`
	// Backlog is how many requests wait at one time: the highest number, and when the last arrived.
	PeakBacklog int     `json:"peak_backlog"`
	LastBacklog int     `json:"backlog_at_the_end"`
	Cores       float64 `json:"cores_used"` // on average, until the last node was gone
	CPUms       float64 `json:"cpu_ms_per_node"`
	Launcher    float64 `json:"launcher_cpu_ms_per_node"`
	PeakRSSMiB  float64 `json:"peak_rss_mib"`
}

func (s *site) steady(ctx context.Context, rate float64, length, hold time.Duration) (*steady, error) {
	progress("steady: %g requests/s for %s, nodes are held for %s", rate, length, hold)
	r := &steady{PerSecond: rate, Seconds: length.Seconds(), HoldSeconds: hold.Seconds()}
	c := s.client(inCloud)
	var mu sync.Mutex
	var fulfilled, gone []float64
	waiting := 0
	one := func(ctx context.Context) error {
		l, err := c.get(ctx)
		mu.Lock()
		waiting--
		mu.Unlock()
		if err != nil {
			return err
		}
		if err := c.use(ctx, l); err != nil {
			return err
		}
		select {
		case <-time.After(hold):
		case <-ctx.Done():
			return ctx.Err()
		}
		took, err := c.giveBack(ctx, l)
		mu.Lock()
		defer mu.Unlock()
		fulfilled, gone = append(fulfilled, ms(l.took)), append(gone, ms(took))
		return err
	}
	wait := s.profileCPU(ctx, "steady", length)
	s.meter.begin()
	g, life := errgroup.WithContext(ctx)
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end) && life.Err() == nil; {
		r.Requests++
		mu.Lock()
		waiting++
		r.LastBacklog = waiting
		r.PeakBacklog = max(r.PeakBacklog, waiting)
		mu.Unlock()
		g.Go(func() error { return one(life) })
		<-tick.C
	}
	err := g.Wait()
	wait()
	if err != nil {
		return nil, err
	}
	u := s.meter.end()
	r.FulfilledMS, r.GoneMS = percentile(fulfilled), percentile(gone)
	r.Cores, r.PeakRSSMiB = u.CPUms/1000/u.Seconds, u.PeakRSSMiB
	r.CPUms, r.Launcher = u.CPUms/float64(r.Requests), u.LauncherCPUms/float64(r.Requests)
	return r, s.balanced(ctx, 0)
}
