package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
)

// BenchmarkSeal is the part of Put that is ours: 5 kB of JSON, compressed and encrypted. CPU time is what counts on a
// busy machine.
func BenchmarkSeal(b *testing.B) {
	var state bytes.Buffer
	for state.Len() < 5000 {
		fmt.Fprintf(&state, `{"mode":"managed","type":"cloud_instance","name":"node","attributes":{"id":"i-%016x","ip":"10.0.0.1"}},`, rand.Uint64())
	}
	d := Document{Provider: "cloud", Engine: "terraform", Files: map[string][]byte{"terraform.tfstate": state.Bytes()}}
	for name, key := range map[string]*Key{"plain": nil, "encrypted": testKey(b, "correct horse battery")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				if _, err := sealDocument(key, "w", d); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1000, "cpu-µs/op")
		})
	}
}

// cpu is what this process has used, in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
