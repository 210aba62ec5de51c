package zkserver

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
)

// LoseReply cuts the line of the next client that sends text, once the server has begun to answer: what was asked for is done,
// and the client never learns of it. Plain connections only.
func (p *Proxy) LoseReply(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = []byte(text)
}

// Lost reports whether a reply has been lost since LoseReply.
func (p *Proxy) Lost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lose == nil
}

// lossy is one client's line.
type lossy struct {
	proxy *Proxy
	mute  atomic.Bool // what the server says is lost
}

func (l *lossy) to(server net.Conn) net.Conn   { return lossyWriter{server, l} }
func (l *lossy) from(server net.Conn) net.Conn { return lossyReader{server, l} }

type lossyWriter struct {
	net.Conn
	line *lossy
}

func (w lossyWriter) Write(b []byte) (int, error) {
	p := w.line.proxy
	p.mu.Lock()
	if p.lose != nil && bytes.Contains(b, p.lose) {
		p.lose = nil
		w.line.mute.Store(true)
	}
	p.mu.Unlock()
	return w.Conn.Write(b)
}

type lossyReader struct {
	net.Conn
	line *lossy
}

func (r lossyReader) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if r.line.mute.Load() {
		return 0, io.EOF
	}
	return n, err
}
