package session

import (
	"bytes"
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// opSetWatches is the request with which the library re-sends its watches.
const opSetWatches = 101

// wire is a connection that reads along. The library does not tell the
// negotiated timeout, when the server was last heard, or the session id inside
// the event callback; and it re-sends watches with a zxid that may be too new
// (see watchFloor). All of that passes through here.
type wire struct {
	net.Conn
	tcp     net.Conn // below TLS
	s       *Session
	server  string
	greeted bool          // our side of the handshake was written
	since   int64         // changes after this zxid fire re-sent watches
	reply   []byte        // the server's side of the handshake
	id      int64         // from the reply
	timeout time.Duration // from the reply
	resent  chan struct{} // closed when watches are re-sent; nil when none can be
	once    sync.Once
}

// Write mends the zxid of re-sent watches. The library writes whole packets:
// length, then (first packet) version and last zxid seen, or (all others) xid,
// opcode and, for re-sent watches, the zxid.
func (w *wire) Write(b []byte) (int, error) {
	switch {
	case !w.greeted && len(b) >= 16:
		w.greeted = true
		w.since = w.s.resendFrom(int64(binary.BigEndian.Uint64(b[8:])))
	case len(b) >= 20 && binary.BigEndian.Uint32(b[8:]) == opSetWatches:
		w.letRead()
		if int64(binary.BigEndian.Uint64(b[12:])) > w.since {
			b = bytes.Clone(b)
			binary.BigEndian.PutUint64(b[12:], uint64(w.since))
		}
	}
	return w.Conn.Write(b)
}

// Read notes that the server lives, and takes what is needed from its side of
// the handshake: length, version, timeout in ms, session id.
func (w *wire) Read(b []byte) (int, error) {
	shaken := w.shaken()
	if shaken {
		w.awaitResent()
	}
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.s.hear()
	}
	if !shaken {
		w.reply = append(w.reply, b[:n]...)
		if len(w.reply) >= 20 {
			w.timeout = time.Duration(int32(binary.BigEndian.Uint32(w.reply[8:]))) * time.Millisecond
			w.id = int64(binary.BigEndian.Uint64(w.reply[12:]))
		}
	}
	if err != nil {
		w.s.noteDialError(err)
	}
	return n, err
}

// shaken reports whether the handshake was read; the library reads no further
// than its end at first.
func (w *wire) shaken() bool {
	return len(w.reply) >= 4 && len(w.reply) >= 4+int(binary.BigEndian.Uint32(w.reply))
}

// resendPatience bounds awaitResent when there is no watch to re-send.
const resendPatience = 200 * time.Millisecond

// awaitResent holds responses back until the library has built its requests to
// re-send watches: it reads the newest zxid while a response could change it.
func (w *wire) awaitResent() {
	if w.resent == nil {
		return
	}
	select {
	case <-w.resent:
	case <-w.s.done:
	case <-time.After(resendPatience):
		w.letRead()
	}
}

func (w *wire) letRead() {
	if w.resent != nil {
		w.once.Do(func() { close(w.resent) })
	}
}

// Close also ends awaitResent. It drops the TCP connection, because TLS would
// first try to say goodbye, for seconds on a dead line.
func (w *wire) Close() error {
	w.letRead()
	return w.tcp.Close()
}

// SetReadDeadline shortens the library's patience with a server that accepts
// connections but never answers the handshake (ten times the read timeout).
func (w *wire) SetReadDeadline(t time.Time) error {
	if limit := time.Now().Add(w.s.options.Timeout); t.After(limit) {
		t = limit
	}
	return w.Conn.SetReadDeadline(t)
}

// watchFloor decides from which zxid re-sent watches must fire.
//
// The library stamps them with the zxid of the newest response at the moment it
// builds the request. On a busy session that may be a response of the new
// connection already, and changes made while it was away would never fire.
// Right is what it sent in the handshake. If the connection dropped again soon
// afterwards, not every watch may have been re-sent, so the older value stays
// until a connection lived for a session timeout.
type watchFloor struct {
	zxid  int64
	since time.Time // when the newest connection was made
	count int       // connections made
}

func (f *watchFloor) connected(now time.Time) {
	f.since = now
	f.count++
}

// next returns the value for a new connection. Firing too often is harmless:
// it costs a read.
func (f *watchFloor) next(lastSeen int64, now time.Time, timeout time.Duration) int64 {
	settled := f.count <= 1 || now.Sub(f.since) >= timeout
	if settled || lastSeen < f.zxid {
		f.zxid = lastSeen
	}
	return f.zxid
}

func (s *Session) resendFrom(lastSeen int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.floor.next(lastSeen, time.Now(), s.timeout)
}
