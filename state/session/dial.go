package session

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// dial makes one connection. It refuses once the session is over, which is what
// keeps the library from opening another session.
func (s *Session) dial(network, addr string, _ time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.life, s.dialTimeout())
	defer cancel()
	tcp, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		s.noteDialError(err)
		return nil, err
	}
	conn := tcp
	if s.options.TLS != nil {
		if conn, err = handshake(ctx, conn, addr, s.options.TLS); err != nil {
			s.noteDialError(err)
			return nil, err
		}
	}
	w := &wire{Conn: conn, tcp: tcp, s: s, server: addr}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		_ = tcp.Close()
		return nil, s.err
	}
	if s.id != 0 {
		w.resent = make(chan struct{})
	}
	s.wire = w
	return w, nil
}

func handshake(ctx context.Context, conn net.Conn, addr string, config *tls.Config) (net.Conn, error) {
	config = config.Clone()
	if host, _, err := net.SplitHostPort(addr); err == nil && config.ServerName == "" {
		config.ServerName = host
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", addr, err)
	}
	return secured, nil
}

// dialTimeout leaves time to try every server within one session timeout.
func (s *Session) dialTimeout() time.Duration {
	each := s.Timeout() / time.Duration(len(s.options.Servers))
	return min(max(each, time.Second), 4*time.Second)
}

func (s *Session) noteDialError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialErr = err
}

// hosts hands out the servers in turn, by name. The library's own provider
// looks names up once and for all, and fails when one of them is unknown at
// start; servers in containers change their addresses.
type hosts struct {
	mu      sync.Mutex
	servers []string
	next    int
	tried   int // servers handed out since the last success
}

// Init takes the servers, in the order the library shuffled them.
func (h *hosts) Init(servers []string) error {
	h.servers = servers
	return nil
}

// Len returns the number of servers.
func (h *hosts) Len() int { return len(h.servers) }

// Next returns the server to try, and whether all were tried without success,
// upon which the library pauses for a second.
func (h *hosts) Next() (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	server := h.servers[h.next]
	h.next = (h.next + 1) % len(h.servers)
	h.tried++
	again := h.tried > len(h.servers)
	if again {
		h.tried = 1
	}
	return server, again
}

// Connected counts from the server after the present one; when it was the only
// one, the library pauses before it dials again.
func (h *hosts) Connected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried = 1
}

// libraryLog sends the library's chatter to debug.
type libraryLog struct{ log *slog.Logger }

func (l libraryLog) Printf(format string, args ...any) {
	l.log.Debug("zk: " + fmt.Sprintf(format, args...))
}
