package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	python "github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// nodepool is the Python launcher that ours replaces, on a ZooKeeper like ours. Its fake driver's cloud is a list in its
// own memory that costs nothing, ready after 0.1 s. It mostly sleeps, a second between two looks at its requests and
// servers, so its times hardly depend on the machine; ours do.
type nodepool struct {
	NotRun      string      `json:"not_run,omitempty"`
	Version     string      `json:"version"`
	FulfilledMS percentiles `json:"request_to_fulfilled_ms"`
	GoneMS      percentiles `json:"used_to_gone_ms"`
	Burst       *burst      `json:"burst,omitempty"`
	NextMS      percentiles `json:"next_node_beside_burst_ms"`
}

// nodepoolRequests are few: each takes seconds.
const nodepoolRequests = 6

func (w *world) nodepool(ctx context.Context, size int) (*nodepool, error) {
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
	dir := filepath.Join(w.dir, "nodepool")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	zk, err := zkserver.Start(ctx, filepath.Join(dir, "zookeeper"), zkserver.Options{TLS: w.certs})
	if err != nil {
		return nil, err
	}
	defer zk.Stop()
	tls, err := session.LoadTLS(w.tls()[0], w.tls()[1], w.tls()[2])
	if err != nil {
		return nil, err
	}
	s, err := session.Connect(ctx, session.Options{Servers: []string{zk.Addr}, TLS: tls, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	zuul, err := requestor.Direct(ctx, s)
	if err != nil {
		return nil, err
	}
	launcher, err := python.Start(ctx, interpreter, dir, python.Options{Servers: []string{zk.Addr}, TLS: w.tls(), Provider: "python", Labels: []string{"py"}})
	if err != nil {
		return nil, err
	}
	defer launcher.Kill()
	m := newMeter()
	defer m.close()
	if err := m.follow(launcher.Pid()); err != nil {
		return nil, err
	}
	if err := n.measure(ctx, client{zuul, "py", launcher.LogFile()}, m, size); err != nil {
		return nil, fmt.Errorf("nodepool: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	m.leave()
	return n, launcher.Stop(ctx)
}

func (n *nodepool) measure(ctx context.Context, c client, m *meter, size int) error {
	if _, _, err := c.roundTrip(ctx, nil); err != nil { // the first finds everything new
		return err
	}
	progress("Nodepool: %d requests one after the other", nodepoolRequests)
	var alone, beside trips
	for range nodepoolRequests {
		if err := alone.one(ctx, c); err != nil {
			return err
		}
	}
	n.FulfilledMS, n.GoneMS = percentile(alone.fulfilled), percentile(alone.gone)
	progress("Nodepool: burst of %d", size)
	var err error
	n.Burst, err = c.burst(ctx, m, size, func() error {
		for range nextNodes {
			if err := beside.one(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	n.NextMS = percentile(beside.fulfilled)
	return err
}
