package cache_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// BenchmarkLoad loads 10,000 nodes: time per load, and live bytes per node in
// the cache with its watches, and in the records that its reader keeps.
func BenchmarkLoad(b *testing.B) {
	const nodes = 10_000
	srv, chroot := zktest.Shared(b)
	writer := zktest.Connect(b, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	if err := writer.EnsurePath(b.Context(), "/nodepool/nodes"); err != nil {
		b.Fatal(err)
	}
	n := record.Node{
		State: record.NodeReady, Provider: "cloud-a", Pool: "main", Type: []string{"noble-large"}, AZ: "az-2", Region: "eu-1",
		PublicIPv4: "203.0.113.17", PrivateIPv4: "10.4.0.21", InterfaceIP: "203.0.113.17", ConnectionPort: []byte("22"), ConnectionType: "ssh",
		PythonPath: "auto", Username: "zuul", Launcher: record.PoolID("np01.example.org", "cloud-a", "main", "state"),
		HostKeys:  []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampl"},
		Resources: map[string]float64{"cores": 8, "instances": 1, "ram": 16384},
	}
	data := n.Encode()
	inParallel(b, nodes, func(ctx context.Context, i int) error {
		_, err := writer.Create(ctx, nodePath(i), data, 0)
		return err
	})
	var load time.Duration
	var inCache, inRecords float64
	for b.Loop() {
		s := zktest.Connect(b, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
		before := liveBytes()
		began := time.Now()
		r := read(b, s)
		load += time.Since(began)
		r.until("all are read", func() bool { return len(r.nodes) == nodes })
		with := liveBytes()
		r.nodes = nil
		r.mzxid = nil
		without := liveBytes()
		inCache += (without - before) / nodes
		inRecords += (with - without) / nodes
		runtime.KeepAlive(r.c)
		r.c.Close()
		s.Close()
	}
	b.ReportMetric(float64(load.Milliseconds())/float64(b.N), "ms/load")
	b.ReportMetric(inCache/float64(b.N), "cacheB/node")
	b.ReportMetric(inRecords/float64(b.N), "recordB/node")
}

// BenchmarkStorm creates nodes as fast as it can beside 10,000 others, and
// waits until the reader has them all.
func BenchmarkStorm(b *testing.B) {
	srv, chroot := zktest.Shared(b)
	writer := zktest.Connect(b, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	r := read(b, zktest.Connect(b, session.Options{Servers: []string{srv.Addr}, Chroot: chroot}))
	total := 10_000
	create := func(from, n int) {
		inParallel(b, n, func(ctx context.Context, i int) error {
			_, err := writer.Create(ctx, nodePath(from+i), node(strconv.Itoa(i)), 0)
			return err
		})
		r.until("all are read", func() bool { return len(r.nodes) == from+n })
	}
	create(0, total)
	for b.Loop() {
		create(total, 1000)
		total += 1000
	}
}

func liveBytes() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
