package main

import (
	"context"
	"fmt"
	"time"
)

// killServer is a crash of one of three servers.
func killServer(ctx context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	limit, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	i, err := w.zk.Leader(limit)
	if err != nil {
		return nil, "", err
	}
	if !e.Leader {
		i = (i + 1 + int(e.Pick%2)) % len(w.zk.Servers)
	}
	w.zk.Kill(i)
	return func(ctx context.Context) error { return w.zk.Servers[i].Restart(ctx) }, fmt.Sprintf("server %d", i+1), nil
}

// expire ends the launcher's session. It learns of it when it connects again.
func expire(ctx context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	limit, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, p := range w.launchers[e.Launcher].proxies {
		if p.Connected() && p.ExpireSession(limit) == nil {
			return nil, "", nil
		}
	}
	return nil, nobody, nil
}

// partition cuts the launcher's lines to all servers.
func partition(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	l := w.launchers[e.Launcher]
	for _, p := range l.proxies {
		p.Cut()
	}
	since := time.Now()
	l.cut.Store(&since)
	return func(context.Context) error {
		l.cut.Store(nil)
		for _, p := range l.proxies {
			p.Restore()
		}
		return nil
	}, "", nil
}
