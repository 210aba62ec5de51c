package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// fetch gets a profile from the launcher, which was built with -tags profile, into a file. A profile that cannot be had
// costs the bench nothing but a line.
func (s *site) fetch(ctx context.Context, what, file string) {
	web := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
			for range 100 { // it may have been started this moment
				if conn, err = (&net.Dialer{}).DialContext(ctx, "unix", s.socket); err == nil {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
			return conn, err
		},
	}}
	defer web.CloseIdleConnections()
	err := func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://launcher/debug/pprof/"+what, nil)
		if err != nil {
			return err
		}
		resp, err := web.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.profile, file), data, 0o600)
	}()
	if err != nil {
		progress("no profile %s: %v", file, err)
	}
}

// profileCPU records a CPU profile of that length; wait waits for its end.
func (s *site) profileCPU(ctx context.Context, name string, length time.Duration) (wait func()) {
	if s.profile == "" {
		return func() {}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		s.fetch(ctx, "profile?seconds="+strconv.Itoa(int(length.Seconds())), name+".cpu")
	})
	return wg.Wait
}

// profileMemory records what the launcher holds, and its goroutines.
func (s *site) profileMemory(ctx context.Context, name string) {
	if s.profile != "" {
		s.fetch(ctx, "heap?gc=1", name+".heap")
		s.fetch(ctx, "goroutine?debug=1", name+".goroutines")
	}
}
