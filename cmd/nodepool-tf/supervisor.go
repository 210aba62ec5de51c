package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/web"
)

// supervisor is who started the launcher and wants to be told how it does: systemd with Type=notify (sd_notify(3)). nil is
// nobody.
type supervisor struct {
	socket string
	log    *slog.Logger
	told   atomic.Bool // that the launcher is up
}

// Bounds, so that nobody waits for ever for what depends on others.
const (
	// upTime is after how long a launcher counts as up though it is not ready. ZooKeeper may be away for hours: a boot must
	// not wait for it, and a launcher that was killed and started again would be no further.
	upTime = time.Minute
	// reloadTime is after how long a reload counts as over. Other ZooKeeper servers get 20 s to answer.
	reloadTime = 30 * time.Second
)

// findSupervisor takes the supervisor's socket out of the environment: what Terraform, its plugins and local-exec commands
// may send is not about the launcher.
func findSupervisor(log *slog.Logger) *supervisor {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" || os.Unsetenv("NOTIFY_SOCKET") != nil {
		return nil
	}
	return &supervisor{socket: socket, log: log}
}

func (s *supervisor) tell(state string) {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: s.socket})
	if err == nil {
		defer conn.Close()
		_, err = conn.Write([]byte(state))
	}
	if err != nil {
		s.log.Warn("the supervisor could not be told", "socket", s.socket, "state", state, "err", err)
	}
}

// relay is what asks the launcher to reload: hangups themselves, or, where somebody is told of it, what watch passes on.
func (s *supervisor) relay(hangups chan os.Signal) chan os.Signal {
	if s == nil {
		return hangups
	}
	return make(chan os.Signal, 1)
}

// watch tells of a launcher until stop is called: when it is up, of each reload, which it passes on from hangups to asked,
// and when it stops.
func (s *supervisor) watch(ctx context.Context, l *reconciler.Launcher, hangups <-chan os.Signal, asked chan<- os.Signal) (stop func()) {
	if s == nil {
		return func() {}
	}
	detach := context.AfterFunc(ctx, func() { s.tell("STOPPING=1") })
	ctx, cancel := context.WithCancel(ctx)
	var going sync.WaitGroup
	going.Go(func() { s.up(ctx, l) })
	going.Go(func() { s.reloads(ctx, l, hangups, asked) })
	return func() {
		detach()
		cancel()
		going.Wait()
	}
}

// up tells when the launcher is ready, as /ready has it, or after upTime.
func (s *supervisor) up(ctx context.Context, l *reconciler.Launcher) {
	tick, late := time.NewTicker(time.Second/4), time.Now().Add(upTime)
	defer tick.Stop()
	for {
		now, err := l.Snapshot(ctx)
		if err != nil {
			return
		}
		why := web.Lacking(now)
		if len(why) == 0 {
			s.told.Store(true)
			s.tell("READY=1\nSTATUS=")
			return
		}
		if !s.told.Load() && time.Now().After(late) {
			s.told.Store(true)
			s.tell("READY=1\nSTATUS=not ready yet: " + strings.Join(why, "; "))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// reloads tells when a reload begins and when it has been judged. It does not while the launcher starts: the word after it
// would say that it is up.
func (s *supervisor) reloads(ctx context.Context, l *reconciler.Launcher, hangups <-chan os.Signal, asked chan<- os.Signal) {
	for {
		select {
		case h := <-hangups:
			before, up := loads(l), s.told.Load()
			if up {
				s.tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic())
			}
			select {
			case asked <- h:
			default: // one is waiting
			}
			if up && judged(ctx, func() bool { return loads(l) != before }) {
				s.tell("READY=1")
			}
		case <-ctx.Done():
			return
		}
	}
}

// judged waits until a reload is over, for reloadTime at most. It returns false when ctx ends.
func judged(ctx context.Context, over func() bool) bool {
	late, cancel := context.WithTimeout(ctx, reloadTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !over() && late.Err() == nil {
		select {
		case <-tick.C:
		case <-late.Done():
		}
	}
	return ctx.Err() == nil
}

// loads counts the times that a configuration was loaded, with whatever outcome.
func loads(l *reconciler.Launcher) (n int) {
	for _, times := range l.ConfigState().Outcomes {
		n += times
	}
	return n
}

// monotonic is the time that Type=notify-reload tells one reload from another by.
func monotonic() string {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return fmt.Sprint(now.Nano() / 1000)
}
