package zkserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Ensemble is several servers that replicate each other.
type Ensemble struct {
	Servers []*Server
}

// StartEnsemble runs n servers with their files below dir and returns when all serve.
func StartEnsemble(ctx context.Context, dir string, n int, opts Options) (*Ensemble, error) {
	if opts.Host == "" {
		opts.Host = "127.0.0.1"
	}
	ports, err := freePorts(opts.Host, 2*n)
	if err != nil {
		return nil, fmt.Errorf("prepare ZooKeeper ensemble in %s: %w", dir, err)
	}
	extra := ""
	for i := range n {
		extra += fmt.Sprintf("server.%d=%s:%d:%d\n", i+1, opts.Host, ports[2*i], ports[2*i+1])
	}
	e := &Ensemble{}
	for i := range n {
		own := filepath.Join(dir, strconv.Itoa(i+1))
		s, err := prepare(own, opts, extra)
		if err == nil {
			err = os.WriteFile(filepath.Join(own, "data", "myid"), []byte(strconv.Itoa(i+1)), 0o600)
		}
		if err == nil {
			err = s.launch()
		}
		if err != nil {
			e.Stop()
			return nil, fmt.Errorf("prepare ZooKeeper ensemble in %s: %w", dir, err)
		}
		e.Servers = append(e.Servers, s)
	}
	for _, s := range e.Servers {
		if err := s.waitServing(ctx); err != nil {
			e.Stop()
			return nil, err
		}
	}
	return e, nil
}

// Addrs are the client addresses of all members.
func (e *Ensemble) Addrs() []string {
	var addrs []string
	for _, s := range e.Servers {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

// Leader waits for an elected leader and returns its index in Servers.
func (e *Ensemble) Leader(ctx context.Context) (int, error) {
	for {
		for i, s := range e.Servers {
			if mode, err := s.Mode(ctx); err == nil && mode == "leader" {
				return i, nil
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return 0, errors.Join(errors.New("the ensemble has no leader"), ctx.Err())
		}
	}
}

// Kill ends member i as a crash would.
func (e *Ensemble) Kill(i int) { e.Servers[i].Kill() }

// Stop ends all members.
func (e *Ensemble) Stop() {
	for _, s := range e.Servers {
		if s.proc != nil {
			s.Kill()
		}
	}
}
