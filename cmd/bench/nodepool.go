package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	python "github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
)

// nodepool is the Python launcher that ours replaces, measured like ours on the same ZooKeeper. Its fake driver's cloud
// is a list in its own memory, ready after 0.1 s.
type nodepool struct {
	NotRun   string        `json:"not_run,omitempty"`
	Version  string        `json:"version"`
	Idle     *nodepoolIdle `json:"idle,omitempty"`
	Burst    *burst        `json:"burst,omitempty"`
	CPUms    float64       `json:"cpu_ms,omitempty"`
	PeakMiB  float64       `json:"peak_rss_mib,omitempty"`
	OverThem *ratios       `json:"ours_over_nodepool,omitempty"`
}

type nodepoolIdle struct {
	Requests    int         `json:"requests"`
	FulfilledMS percentiles `json:"request_to_fulfilled_ms"`
	GoneMS      percentiles `json:"used_to_gone_ms"`
}

// ratios are our figures over Nodepool's: of the rate more is better, of all others less. Nodepool mostly sleeps, a
// second between two looks at its requests and servers, so its times hardly depend on the machine; ours do.
type ratios struct {
	Fulfilled      float64 `json:"request_to_fulfilled_p50"`
	Gone           float64 `json:"used_to_gone_p50"`
	PerSecond      float64 `json:"burst_requests_per_second"`
	BurstFulfilled float64 `json:"burst_request_to_fulfilled_p50"`
	BurstGone      float64 `json:"burst_all_used_to_all_gone"`
	CPU            float64 `json:"burst_cpu_per_node"` // ours with Terraform, theirs with the fake cloud
	PeakRSS        float64 `json:"peak_rss"`           // ours without Terraform, but with the fleet of the growth phase
}

// nodepoolRequests are few: each takes seconds.
const nodepoolRequests = 10

// nodepool runs Nodepool in our launcher's place.
func (b *bench) nodepool(ctx context.Context, ours report, size int) (*nodepool, error) {
	n := &nodepool{Version: python.Version}
	progress("Nodepool %s: getting it", n.Version)
	interpreter, err := python.Venv(ctx, "")
	if errors.Is(err, python.ErrUnavailable) {
		n.NotRun = err.Error()
		return n, nil
	}
	if err != nil {
		return nil, err
	}
	if err := b.rig.Stop(ctx); err != nil { // it would share the processors
		return nil, err
	}
	dir := filepath.Join(b.dir, "nodepool")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	launcher, err := python.Start(ctx, interpreter, dir, python.Options{Servers: b.rig.Servers, TLS: b.rig.TLS, Provider: "python", Labels: []string{"py"}})
	if err != nil {
		return nil, err
	}
	defer launcher.Kill()
	them := &bench{dir: dir, zuul: b.zuul, label: "py", pid: launcher.Pid(), log: launcher.LogFile()}
	if err := n.measure(ctx, them, size); err != nil {
		return nil, err
	}
	n.compare(ours)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return n, launcher.Stop(ctx)
}

func (n *nodepool) measure(ctx context.Context, them *bench, size int) error {
	them.began = them.sample()
	if err := them.roundTrips(ctx, 1, nil, nil); err != nil {
		return err
	}
	progress("Nodepool: %d requests one after the other", nodepoolRequests)
	var fulfilled, gone []float64
	if err := them.roundTrips(ctx, nodepoolRequests, &fulfilled, &gone); err != nil {
		return err
	}
	n.Idle = &nodepoolIdle{nodepoolRequests, percentile(fulfilled), percentile(gone)}
	progress("Nodepool: burst of %d", size)
	burst, err := them.burst(ctx, size)
	if err != nil {
		return err
	}
	n.Burst = &burst
	used := them.usage(them.began)
	n.CPUms, n.PeakMiB = used.CPUms, used.PeakRSSMiB
	return nil
}

func (n *nodepool) compare(ours report) {
	n.OverThem = &ratios{
		Fulfilled:      ours.Idle.FulfilledMS.P50 / n.Idle.FulfilledMS.P50,
		Gone:           ours.Idle.GoneMS.P50 / n.Idle.GoneMS.P50,
		PerSecond:      ours.Burst.PerSecond / n.Burst.PerSecond,
		BurstFulfilled: ours.Burst.FulfilledMS.P50 / n.Burst.FulfilledMS.P50,
		BurstGone:      ours.Burst.AllGoneMS / n.Burst.AllGoneMS,
		CPU:            ours.Burst.CPUms / n.Burst.CPUms,
		PeakRSS:        ours.Daemon.PeakRSSMiB / n.PeakMiB,
	}
}
