package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// percentiles of a series.
type percentiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
}

func percentile(v []float64) percentiles {
	slices.Sort(v)
	at := func(q float64) float64 { return v[min(len(v)-1, int(q*float64(len(v))))] }
	return percentiles{at(0.5), at(0.9), at(0.99)}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// daemon is what the launcher's process took.
type daemon struct {
	CPUms          float64 `json:"cpu_ms"`
	TerraformCPUms float64 `json:"terraform_cpu_ms"` // workers and Terraform, of runs that have ended
	RSSMiB         float64 `json:"rss_mib"`
	PeakRSSMiB     float64 `json:"peak_rss_mib"`
}

// sample is a reading of the process's counters.
type sample struct{ own, children float64 }

func (b *bench) sample() sample {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.pid))
	if err != nil {
		return sample{}
	}
	// After the command's closing parenthesis: state is field 3, utime 14, stime 15, cutime 16, cstime 17.
	f := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	tick := func(field int) float64 { v, _ := strconv.ParseFloat(f[field-3], 64); return v * 10 } // 100 ticks a second
	return sample{tick(14) + tick(15), tick(16) + tick(17)}
}

// usage is what the launcher took since a sample, and its memory now.
func (b *bench) usage(since sample) daemon {
	now := b.sample()
	d := daemon{CPUms: now.own - since.own, TerraformCPUms: now.children - since.children}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.pid))
	for _, line := range strings.Split(string(status), "\n") {
		name, rest, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
		switch name {
		case "VmRSS":
			d.RSSMiB = kib / 1024
		case "VmHWM":
			d.PeakRSSMiB = kib / 1024
		}
	}
	return d
}
