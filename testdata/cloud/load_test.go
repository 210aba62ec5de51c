package cloud_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// BenchmarkLifeAmid10000 lets instances come, be looked at and go among ten thousand others. It reports what the cloud
// takes for that: requests a second, processor time a request, memory.
//
//	go test ./testdata/cloud -run '^$' -bench 10000
func BenchmarkLifeAmid10000(b *testing.B) {
	c := start(b)
	client := c.Client("")
	tags := map[string]string{"nodepool_node_id": "0000000042", "nodepool_provider_name": "sim", "nodepool_pool_name": "main"}
	for range 10_000 {
		if _, err := create(b, client, tags); err != nil {
			b.Fatal(err)
		}
	}
	var requests atomic.Int64
	before, began := processor(b, c.Pid()), time.Now()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i, err := create(b, client, tags)
			for _, method := range []string{http.MethodGet, http.MethodGet, http.MethodDelete} {
				if err == nil {
					err = client.Do(b.Context(), method, api.Path("acme", api.Instances, i.ID), nil, nil)
				}
			}
			if err != nil {
				b.Error(err)
				return
			}
			requests.Add(4)
		}
	})
	b.StopTimer()
	n := float64(requests.Load())
	b.ReportMetric(n/time.Since(began).Seconds(), "requests/s")
	b.ReportMetric((processor(b, c.Pid())-before).Seconds()*1e6/n, "cpu-µs/request")
	b.ReportMetric(memory(b, c.Pid()), "rss-MB")
}

// processor is the time that a process has used so far.
func processor(b *testing.B, pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	var user, system int64
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory is a process's resident memory in MB.
func memory(b *testing.B, pid int) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		b.Fatal(err)
	}
	var all, resident int
	if _, err := fmt.Sscan(string(data), &all, &resident); err != nil {
		b.Fatal(err)
	}
	return float64(resident*os.Getpagesize()) / 1e6
}
