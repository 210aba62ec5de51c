package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
)

const pythonProvider = "python"

// python is Nodepool's own launcher beside ours. Its cloud is a fake one that keeps no books: its side is judged by what is
// in ZooKeeper.
type python struct {
	w      *world
	binary string
	tls    [3]string // it connects in no other way
	starts int
	run    *nodepool.Launcher // nil while it is down
}

// start runs it, again while it fails: a ZooKeeper server may be down, the machine busy. Each start has a folder of its own.
func (p *python) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	for {
		p.starts++
		dir := filepath.Join(p.w.dir, fmt.Sprintf("python%d", p.starts))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		limit, cancel := context.WithTimeout(ctx, 80*time.Second)
		run, err := nodepool.Start(limit, p.binary, dir, nodepool.Options{
			Servers: p.w.zk.Addrs(), TLS: p.tls, Provider: pythonProvider, Labels: []string{bothLabel, pythonLabel},
		})
		cancel()
		if err == nil {
			p.run = run
			return nil
		}
		if sleep(ctx, time.Second) != nil {
			return err
		}
	}
}

func (p *python) kill() {
	if p.run != nil {
		p.run.Kill()
		p.run = nil
	}
}

// stop ends it in good order, so that it leaves nothing behind.
func (p *python) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	run := p.run
	p.run = nil
	return run.Stop(ctx)
}

// killPython is a crash of Nodepool's launcher. What it had in hand is put back by who sees it, ours or its next start.
func killPython(_ context.Context, w *world, _ Event) (func(context.Context) error, string, error) {
	w.python.kill()
	return w.python.start, "", nil
}
