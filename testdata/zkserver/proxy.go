package zkserver

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Proxy stands between a client and a server and can cut the line, while others
// go on talking to the server directly.
type Proxy struct {
	Addr string // for clients

	target   string
	listener net.Listener
	wg       sync.WaitGroup
	sent     atomic.Int64

	mu    sync.Mutex
	cut   bool
	hello *recorded // what the server said first on the newest connection
	lose  []byte    // see LoseReply
	conns map[net.Conn]struct{}
}

// NewProxy listens on a free port of 127.0.0.1 and forwards to target.
func NewProxy(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Addr: l.Addr().String(), target: target, listener: l, conns: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Cut drops all connections and refuses new ones until Restore.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		_ = c.Close()
	}
}

// Restore ends Cut.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

// Connected reports whether a client is connected.
func (p *Proxy) Connected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns) > 0
}

// Sent is how many bytes came from clients.
func (p *Proxy) Sent() int64 { return p.sent.Load() }

// Close ends the proxy and waits for its goroutines.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Cut()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.keep(client, server) {
			_ = client.Close()
			_ = server.Close()
			continue
		}
		line := &lossy{proxy: p}
		p.wg.Go(func() { p.pipe(counted{client, &p.sent}, line.to(server)) })
		hello := &recorded{Conn: line.from(server)}
		p.mu.Lock()
		p.hello = hello
		p.mu.Unlock()
		p.wg.Go(func() { p.pipe(hello, client) })
	}
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return !p.cut
}

func (p *Proxy) pipe(from, to net.Conn) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
	_ = to.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range []net.Conn{from, to} {
		delete(p.conns, under(c))
	}
}

func under(c net.Conn) net.Conn {
	switch c := c.(type) {
	case counted:
		return c.Conn
	case *recorded:
		return under(c.Conn)
	case lossyReader:
		return c.Conn
	case lossyWriter:
		return c.Conn
	}
	return c
}

// counted adds up what is read.
type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.Add(int64(n))
	return n, err
}
