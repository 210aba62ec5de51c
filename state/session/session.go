package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
)

// DefaultTimeout is the session timeout asked for when Options has none.
const DefaultTimeout = 10 * time.Second

// warnEvery is how often Connect says that it is still waiting
// (operator-surface.md 4.8).
const warnEvery = 10 * time.Second

// ErrExpired is what every call returns once the session is over, whether it
// expired, was closed, or was out of contact for too long.
var ErrExpired = errors.New("zookeeper session is over")

// Options say where and how to connect.
type Options struct {
	Servers []string      // host:port, IPv6 in brackets; names are looked up at every dial
	Chroot  string        // "" or an absolute path that every other path is below
	TLS     *tls.Config   // nil for a plain connection; see LoadTLS
	Timeout time.Duration // session timeout to ask for; the server may change it
	Logger  *slog.Logger  // nil for slog.Default
}

// Session is one ZooKeeper session. All methods may be called concurrently.
type Session struct {
	conn    *zk.Conn
	ended   <-chan zk.Event // closed when the library's goroutines are gone
	ready   chan struct{}   // closed once conn and ended are set
	options Options
	log     *slog.Logger
	handler atomic.Pointer[func(zk.Event)]
	start   time.Time    // the clock of heard
	heard   atomic.Int64 // nanoseconds after start when the server last said something

	life   context.Context // ends with the session
	cancel context.CancelFunc
	done   chan struct{}
	wg     sync.WaitGroup // calls, background work and the closer

	mu        sync.Mutex
	err       error         // set before done closes
	id        int64         // 0 until the first handshake
	timeout   time.Duration // asked for, then negotiated
	connected bool
	up        chan struct{} // closed while connected, replaced when suspended
	tooLong   *time.Timer   // runs while suspended
	wire      *wire         // newest TCP connection
	dialErr   error         // why the newest attempt failed
	subs      map[string]map[*Subscription]struct{}
	floor     watchFloor
}

// Connect opens a session. It tries for ever, with a warning every ten seconds
// that names the servers, until ctx ends. A missing chroot is created.
func Connect(ctx context.Context, o Options) (*Session, error) {
	s, err := newSession(o)
	if err != nil {
		return nil, fmt.Errorf("connect to ZooKeeper: %w", err)
	}
	conn, ended, err := zk.Connect(s.options.Servers, s.timeout,
		zk.WithDialer(s.dial),
		zk.WithHostProvider(&hosts{}),
		zk.WithEventCallback(s.onEvent),
		zk.WithLogger(libraryLog{s.log}),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to ZooKeeper %s: %w", strings.Join(o.Servers, ","), err)
	}
	s.conn, s.ended = conn, ended
	close(s.ready)

	if err := s.firstContact(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("connect to ZooKeeper %s: %w", strings.Join(o.Servers, ","), err)
	}
	return s, nil
}

func newSession(o Options) (*Session, error) {
	if len(o.Servers) == 0 {
		return nil, errors.New("no servers given")
	}
	for _, server := range o.Servers {
		if _, _, err := net.SplitHostPort(server); err != nil {
			return nil, fmt.Errorf("server %q is not host:port: %w", server, err)
		}
	}
	o.Chroot = strings.TrimRight(o.Chroot, "/")
	if o.Chroot != "" && (o.Chroot[0] != '/' || strings.Contains(o.Chroot, "//")) {
		return nil, fmt.Errorf("chroot %q is not an absolute path", o.Chroot)
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Session{
		options: o,
		log:     o.Logger,
		start:   time.Now(),
		timeout: o.Timeout,
		ready:   make(chan struct{}),
		done:    make(chan struct{}),
		up:      make(chan struct{}),
		subs:    map[string]map[*Subscription]struct{}{},
	}
	s.life, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// firstContact waits for the session and makes the chroot.
func (s *Session) firstContact(ctx context.Context) error {
	for {
		waitCtx, cancel := context.WithTimeout(ctx, warnEvery)
		err := s.WaitConnected(waitCtx)
		cancel()
		switch {
		case err == nil:
			return s.ensure(ctx, s.options.Chroot)
		case ctx.Err() != nil:
			return s.gaveUp(ctx.Err())
		case errors.Is(err, ErrExpired):
			return err
		}
		s.log.Warn("waiting for ZooKeeper", "servers", strings.Join(s.options.Servers, ","), "error", s.lastDialError())
	}
}

// gaveUp adds why the last try failed.
func (s *Session) gaveUp(err error) error {
	if last := s.lastDialError(); last != nil {
		return fmt.Errorf("%w; last try: %w", err, last)
	}
	return err
}

// Done is closed when the session is over: it expired, was closed, or had no
// contact for the negotiated timeout, after which others may own our locks.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err says why the session is over, nil while it is not. It is an ErrExpired.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// ID is the session id the server gave.
func (s *Session) ID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Timeout is the negotiated session timeout.
func (s *Session) Timeout() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.timeout
}

// Suspended reports whether there is no connection at the moment. The session
// may come back; start and write nothing meanwhile (protocol.md 3.5).
func (s *Session) Suspended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.connected
}

// WaitConnected returns when the session has a connection, is over, or ctx ends.
func (s *Session) WaitConnected(ctx context.Context) error {
	for {
		s.mu.Lock()
		err, up := s.err, s.up
		s.mu.Unlock()
		if err != nil {
			return err
		}
		select {
		case <-up:
			// Re-check: it may have been suspended or ended since.
			s.mu.Lock()
			ok := s.connected && s.err == nil
			s.mu.Unlock()
			if ok {
				return ctx.Err()
			}
		case <-s.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Go runs fn in a goroutine that Close waits for; its ctx ends with the
// session. It reports false, and does nothing, when the session is over.
func (s *Session) Go(fn func(ctx context.Context)) bool {
	if !s.begin() {
		return false
	}
	go func() {
		defer s.wg.Done()
		fn(s.life)
	}()
	return true
}

// begin counts one more user of the session, unless it is over.
func (s *Session) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	s.wg.Add(1)
	return true
}

func (s *Session) lastDialError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialErr
}
