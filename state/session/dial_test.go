package session

import (
	"errors"
	"net"
	"slices"
	"testing"
)

// Requests may wait inside the library when a session ends. They could reach a
// new session only over a new connection.
func TestNoConnectionIsMadeForADeadSession(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s, err := newSession(Options{Servers: []string{l.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := s.dial("tcp", l.Addr().String(), 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	s.err = ErrExpired // as end does, before anything else
	if _, err := s.dial("tcp", l.Addr().String(), 0); !errors.Is(err, ErrExpired) {
		t.Errorf("dialled for a dead session: %v", err)
	}
}

// The library pauses when every server was tried in vain, and only then.
func TestHostsAreTriedInTurn(t *testing.T) {
	h := &hosts{}
	if err := h.Init([]string{"a", "b", "c"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	next := func() {
		server, pause := h.Next()
		if pause {
			server = "pause " + server
		}
		got = append(got, server)
	}
	for range 4 {
		next()
	}
	h.Connected() // to a; it is lost later
	for range 4 {
		next()
	}
	want := []string{"a", "b", "c", "pause a", "b", "c", "pause a", "b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
