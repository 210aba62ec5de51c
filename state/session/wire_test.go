package session

import (
	"encoding/binary"
	"net"
	"testing"
	"time"
)

// sink is a connection that keeps the last write.
type sink struct {
	net.Conn
	last []byte
}

func (s *sink) Write(b []byte) (int, error) { s.last = b; return len(b), nil }

func TestResentWatchesFireFromTheZxidOfTheHandshake(t *testing.T) {
	s, err := newSession(Options{Servers: []string{"localhost:1"}})
	if err != nil {
		t.Fatal(err)
	}
	out := &sink{}
	w := &wire{Conn: out, tcp: out, s: s}

	hello := make([]byte, 44)
	binary.BigEndian.PutUint64(hello[8:], 5) // last zxid seen
	resend := make([]byte, 40)
	binary.BigEndian.PutUint32(resend[8:], opSetWatches)
	binary.BigEndian.PutUint64(resend[12:], 9) // a response of the new connection came first
	for _, b := range [][]byte{hello, resend} {
		if n, err := w.Write(b); n != len(b) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := binary.BigEndian.Uint64(out.last[12:]); got != 5 {
		t.Errorf("watches re-sent from zxid %d, want 5", got)
	}
	if binary.BigEndian.Uint64(resend[12:]) != 9 {
		t.Error("the caller's buffer was changed")
	}
	other := make([]byte, 40) // any other request passes unchanged
	binary.BigEndian.PutUint32(other[8:], 4)
	binary.BigEndian.PutUint64(other[12:], 9)
	if _, err := w.Write(other); err != nil || binary.BigEndian.Uint64(out.last[12:]) != 9 {
		t.Errorf("a read was changed: %v", err)
	}
}

func TestWatchFloor(t *testing.T) {
	const timeout = 10 * time.Second
	start := time.Unix(1000, 0)
	type conn struct {
		after time.Duration // since the connection before
		seen  int64
		want  int64
	}
	for name, conns := range map[string][]conn{
		"long-lived connections":        {{0, 0, 0}, {time.Minute, 7, 7}, {time.Minute, 9, 9}},
		"the first has nothing to lose": {{0, 0, 0}, {time.Second, 7, 7}},
		"dropped again at once":         {{0, 0, 0}, {time.Minute, 7, 7}, {time.Second, 9, 7}, {time.Second, 12, 7}, {time.Minute, 20, 20}},
	} {
		var f watchFloor
		now := start
		for i, c := range conns {
			now = now.Add(c.after)
			if got := f.next(c.seen, now, timeout); got != c.want {
				t.Errorf("%s: connection %d fires from %d, want %d", name, i, got, c.want)
			}
			f.connected(now)
		}
	}
}
