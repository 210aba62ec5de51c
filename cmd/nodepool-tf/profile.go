//go:build profile

package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" // registers its handlers
	"os"
	"time"
)

// With -tags profile, which no release is built with, the daemon answers pprof on the Unix socket that this variable
// names. cmd/bench -profile asks.
func init() {
	path := os.Getenv("NODEPOOL_TF_PPROF")
	if path == "" || len(os.Args) > 1 && os.Args[1] == "worker" {
		return
	}
	_ = os.Remove(path) // of a daemon that was killed
	l, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		return
	}
	go func() {
		srv := &http.Server{ReadHeaderTimeout: time.Minute}
		fmt.Fprintln(os.Stderr, "profile:", srv.Serve(l))
	}()
}
