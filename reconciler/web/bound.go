package web

import (
	"net"
	"sync"
)

// Bounds on open connections. One client that takes all it can get leaves room for others: a supervisor's health checks
// come from another address.
const (
	maxConnections = 1024
	maxOfOneHost   = 128
)

// bounded closes connections beyond a bound at once.
type bounded struct {
	net.Listener

	mu    sync.Mutex
	total int
	hosts map[string]int
}

func newBounded(l net.Listener) *bounded { return &bounded{Listener: l, hosts: map[string]int{}} }

// Accept waits for a connection that fits.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil || !b.take(host) {
			_ = c.Close()
			continue
		}
		return &boundedConn{Conn: c, release: sync.OnceFunc(func() { b.give(host) })}, nil
	}
}

func (b *bounded) take(host string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.total >= maxConnections || b.hosts[host] >= maxOfOneHost {
		return false
	}
	b.total++
	b.hosts[host]++
	return true
}

func (b *bounded) give(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total--
	if b.hosts[host]--; b.hosts[host] == 0 {
		delete(b.hosts, host)
	}
}

type boundedConn struct {
	net.Conn
	release func()
}

// Close gives the place back.
func (c *boundedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
