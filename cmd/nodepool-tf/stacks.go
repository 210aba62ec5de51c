package main

import (
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// mostStacks bounds a dump of all goroutines, in bytes.
const mostStacks = 4 << 20

// dumpOnSignal logs the stacks of all goroutines on SIGUSR2 (operator-surface.md 4.3) until stop is called. Signals that
// come while it does are passed over.
func dumpOnSignal(log *slog.Logger) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR2)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range signals {
			dumpStacks(log.With("logger", "nodepool.stack_dump"))
			select {
			case <-signals:
			default:
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-ended
	}
}

func dumpStacks(log *slog.Logger) {
	buf := make([]byte, mostStacks)
	buf = buf[:runtime.Stack(buf, true)]
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	log.Info("stack dump", "goroutines", runtime.NumGoroutine(), "heap_mib", m.HeapAlloc>>20, "sys_mib", m.Sys>>20, "collections", m.NumGC, "stacks", string(buf))
}
