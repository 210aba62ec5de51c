package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// toldTime is how long a launcher may take to say what became of a new configuration. It tells in a second; the machine
// may be busy, and so may a launcher without ZooKeeper.
const toldTime = time.Minute

// reload changes a launcher's configuration; its end brings the usual one back. Half of them are told of by SIGHUP too.
func reload(ctx context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	l, hangup := w.launchers[e.Launcher], e.Pick&1 != 0
	back := func(ctx context.Context) error {
		_, err := l.configure(ctx, usual, hangup)
		if l.spoilt.now() {
			l.spoilt.set(false)
		}
		return err
	}
	whole, err := os.ReadFile(l.ConfigFile)
	if err != nil {
		return nil, "", err
	}
	if text, ok := broken(e.Change, string(whole)); ok {
		note, err := l.spoil(ctx, text, hangup)
		return back, note, err
	}
	note, err := l.configure(ctx, usual.after(e.Change, e.Pick), hangup)
	return back, note, err
}

// configure gives the launcher another configuration and waits until it is in force, or until the launcher has gone:
// then its next start reads it. The file is put in its place whole: a launcher may be starting.
func (l *launcher) configure(ctx context.Context, s setup, hangup bool) (note string, err error) {
	l.Config = l.w.configuration(s)
	text, err := l.ConfigText()
	if err != nil {
		return "", err
	}
	put := func() error {
		if err := os.WriteFile(l.ConfigFile+".new", text, 0o600); err != nil {
			return err
		}
		return os.Rename(l.ConfigFile+".new", l.ConfigFile)
	}
	return l.tells(ctx, put, hangup, func(before, now *health) bool {
		return now.Config.Error == "" && now.Config.Loaded != "" && (now.Config.Hash != before.Config.Hash || l.hash == now.Config.Hash && s == usual)
	})
}

// spoil puts something in the place of the configuration that cannot be used, nil for nothing at all. The one in force
// stays, and the launcher says why; one that is started meanwhile ends again.
func (l *launcher) spoil(ctx context.Context, text []byte, hangup bool) (note string, err error) {
	put := func() error {
		if text == nil {
			if err := os.Remove(l.ConfigFile); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		}
		return os.WriteFile(l.ConfigFile, text, 0o600)
	}
	l.spoilt.set(true)
	return l.tells(ctx, put, hangup, func(before, now *health) bool {
		return now.Config.Error != "" && now.Config.Hash == before.Config.Hash
	})
}

// tells puts a configuration in its place and waits until the launcher's page says what came of it.
func (l *launcher) tells(ctx context.Context, put func() error, hangup bool, told func(before, now *health) bool) (note string, err error) {
	pid := l.pid()
	before, _ := l.health(ctx)
	if err := put(); err != nil {
		return "", err
	}
	began := time.Now()
	if before == nil || pid == 0 || l.pid() != pid {
		return "its next start reads it", nil
	}
	if hangup { // whoever answers has ears
		l.mu.Lock()
		_ = l.Signal(syscall.SIGHUP)
		l.mu.Unlock()
	}
	limit, cancel := context.WithTimeout(ctx, toldTime)
	defer cancel()
	var last *health
	gone := false
	err = until(limit, func() bool {
		if l.pid() != pid {
			gone = true
			return true
		}
		now, err := l.health(limit)
		if err != nil {
			return false
		}
		last = now
		return told(before, now)
	})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		l.w.verdict.add("configuration not followed", "%s: nothing came of it within %s; its page says %+v", l, toldTime, last)
		return "not told", nil
	case gone:
		return "the launcher went meanwhile", nil
	}
	return fmt.Sprintf("told after %.1f s", time.Since(began).Seconds()), nil
}

// inForce is what keeps a launcher from being as it is configured.
func (l *launcher) inForce(ctx context.Context) (found []difference) {
	h, err := l.health(ctx)
	switch {
	case err != nil:
		found = append(found, difference{"launcher not healthy", fmt.Sprintf("%s: %v", l, err)})
	case h.Config.Error != "":
		found = append(found, difference{"configuration refused", fmt.Sprintf("%s: %s", l, h.Config.Error)})
	case h.Config.Hash != l.hash:
		found = append(found, difference{"another configuration in force", fmt.Sprintf("%s: %s, not %s", l, h.Config.Hash, l.hash)})
	}
	if code, body, err := l.get(ctx, "/ready"); err != nil || code != 200 {
		found = append(found, difference{"launcher not ready", fmt.Sprintf("%s: %d %s %v", l, code, body, err)})
	}
	return found
}
