package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// BenchmarkPut is a typical document and, in turn with it, a bare Set of as many bytes by the same session: on a busy
// machine only what is measured in turn can be compared. Medians and 99th percentiles in microseconds.
func BenchmarkPut(b *testing.B) {
	for name, k := range map[string]*store.Key{"plain": nil, "encrypted": key(b, "correct horse battery")} {
		b.Run(name, func(b *testing.B) {
			ctx := b.Context()
			st, s := openWith(b, store.Options{ID: "a", Key: k})
			d := typical()
			check(b, st.Put(ctx, "w", d))
			data := must[[]byte](b)(get(b, s, "/nodepool-tf/workspaces/w"))
			must[string](b)(s.CreateAll(ctx, "/bare", data, zk.FlagEphemeral))
			var set, put, create, read []time.Duration
			measure := func(into *[]time.Duration, fn func() error) {
				start := time.Now()
				check(b, fn())
				*into = append(*into, time.Since(start))
			}
			n := 0
			for b.Loop() {
				n++
				measure(&set, func() error { _, err := s.Set(ctx, "/bare", data, -1); return err })
				measure(&put, func() error { return st.Put(ctx, "w", d) })
				measure(&create, func() error { return st.Put(ctx, fmt.Sprint(n), d) })
				measure(&read, func() error { _, err := st.Get(ctx, "w"); return err })
			}
			content := 0
			for _, file := range d.Files {
				content += len(file)
			}
			b.ReportMetric(float64(len(data)), "znode-bytes")
			b.ReportMetric(float64(content), "content-bytes")
			for what, times := range map[string][]time.Duration{"set": set, "put": put, "create": create, "get": read} {
				slices.Sort(times)
				b.ReportMetric(float64(times[len(times)/2].Microseconds()), what+"-p50-µs")
				b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), what+"-p99-µs")
			}
			check(b, s.DeleteAll(ctx, "/bare"))
		})
	}
}
