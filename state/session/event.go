package session

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
)

// OnEvent sets the single handler of watch events. Paths have the chroot
// stripped. The handler runs on the connection's own goroutine: it must not
// block and must not call the session.
func (s *Session) OnEvent(handler func(zk.Event)) { s.handler.Store(&handler) }

// onEvent receives everything the library publishes.
func (s *Session) onEvent(ev zk.Event) {
	if ev.Type == zk.EventSession {
		s.onState(ev.State)
		return
	}
	if ev.Type == zk.EventNotWatching {
		return // the library forgot its watches: the session is gone, and Done says so
	}
	ev.Path = s.strip(ev.Path)
	s.notify(ev.Path)
	if h := s.handler.Load(); h != nil {
		(*h)(ev)
	}
}

func (s *Session) onState(state zk.State) {
	switch state {
	case zk.StateHasSession:
		s.onHandshake()
	case zk.StateExpired:
		s.log.Warn("ZooKeeper session expired", "session", fmt.Sprintf("%#x", s.ID()))
		s.end(fmt.Errorf("%w: expired by the server", ErrExpired), true)
	case zk.StateDisconnected:
		s.onSuspended()
	}
}

// onHandshake takes the session id and timeout that the wire saw.
func (s *Session) onHandshake() {
	s.mu.Lock()
	id, timeout := s.wire.id, s.wire.timeout
	if s.id != 0 && s.id != id {
		old := s.id
		s.mu.Unlock()
		s.end(fmt.Errorf("%w: replaced, was %#x", ErrExpired, old), true)
		return
	}
	defer s.mu.Unlock()
	if s.err != nil || s.connected {
		return
	}
	resumed := s.id != 0
	s.id, s.timeout, s.connected, s.dialErr = id, timeout, true, nil
	s.floor.connected(time.Now())
	if s.tooLong != nil {
		s.tooLong.Stop()
	}
	close(s.up)
	if resumed {
		s.log.Info("ZooKeeper connection resumed", "session", fmt.Sprintf("%#x", id), "server", s.wire.server)
		return
	}
	s.log.Info("ZooKeeper connected", "session", fmt.Sprintf("%#x", id), "server", s.wire.server, "timeout", timeout)
}

// onSuspended starts the clock after which the session counts as lost. It runs
// from the last word of the server, because that is when the server, too, last
// heard of us: the end must not come later here than there.
func (s *Session) onSuspended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || !s.connected {
		return
	}
	s.connected = false
	s.up = make(chan struct{})
	timeout := s.timeout
	left := timeout - s.sinceHeard()
	s.tooLong = time.AfterFunc(max(left, 0), func() { s.outOfContact(timeout) })
	s.log.Warn("ZooKeeper connection suspended", "session", fmt.Sprintf("%#x", s.id), "left", left.Round(time.Millisecond))
}

func (s *Session) outOfContact(timeout time.Duration) {
	if !s.Suspended() {
		return
	}
	s.log.Warn("ZooKeeper session given up: no contact", "session", fmt.Sprintf("%#x", s.ID()), "timeout", timeout)
	s.end(fmt.Errorf("%w: no contact with any server for %s", ErrExpired, timeout), true)
}

func (s *Session) hear() { s.heard.Store(int64(time.Since(s.start))) }
func (s *Session) sinceHeard() time.Duration {
	return time.Since(s.start) - time.Duration(s.heard.Load())
}

// full adds the chroot to a path.
func (s *Session) full(path string) string {
	if path == "/" && s.options.Chroot != "" {
		return s.options.Chroot
	}
	return s.options.Chroot + path
}

// strip takes the chroot off a path that came from the server.
func (s *Session) strip(path string) string {
	path = strings.TrimPrefix(path, s.options.Chroot)
	if path == "" {
		return "/"
	}
	return path
}
