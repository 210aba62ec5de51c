package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// patient is long enough for a server to be restarted on a busy machine.
const patient = 30 * time.Second

// waitRefused is how long a connection that must not succeed is tried.
const waitRefused = 2 * time.Second

func TestSessionSurvivesARestartOfTheServer(t *testing.T) {
	ctx := t.Context()
	srv := zktest.Start(t, zkserver.Options{})
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Timeout: patient})
	if _, err := s.Create(ctx, "/e", []byte("x"), zk.FlagEphemeral); err != nil {
		t.Fatal(err)
	}
	id := s.ID()
	srv.Stop()
	waitSuspended(t, s)
	read := make(chan error)
	go func() { // a read waits for the connection
		data, _, err := s.Get(ctx, "/e")
		if err == nil && string(data) != "x" {
			err = fmt.Errorf("read %q", data)
		}
		read <- err
	}()
	if err := srv.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
	if s.ID() != id || s.Err() != nil {
		t.Errorf("session %#x became %#x: %v", id, s.ID(), s.Err())
	}
}

func TestExpiryEndsTheSessionAndNothingIsWrittenAfterwards(t *testing.T) {
	ctx := t.Context()
	srv := zktest.Start(t, zkserver.Options{})
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Timeout: patient})
	if _, err := s.Create(ctx, "/e", nil, zk.FlagEphemeral); err != nil {
		t.Fatal(err)
	}

	// Writers push as hard as they can over the whole expiry.
	var writers sync.WaitGroup
	for range 50 {
		writers.Go(func() {
			for s.Err() == nil {
				if _, err := s.Create(ctx, "/w-", nil, zk.FlagSequence); errors.Is(err, session.ErrExpired) {
					return
				}
			}
		})
	}
	if err := proxy.ExpireSession(ctx); err != nil {
		t.Fatal(err)
	}
	expired := lastZxid(t, srv.Addr)
	<-s.Done()
	writers.Wait()
	if !errors.Is(s.Err(), session.ErrExpired) {
		t.Error(s.Err())
	}
	s.Close() // returns when no goroutine of the library is left
	after := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}})
	names, _, err := after.Children(ctx, "/")
	if err != nil || slices.Contains(names, "e") {
		t.Errorf("the ephemeral outlived the session: %v", err)
	}
	for _, name := range names {
		if _, stat, err := after.Exists(ctx, "/"+name); err != nil || stat.Czxid > expired {
			t.Errorf("%s was written after the expiry: %v", name, err)
		}
	}
}

// lastZxid is a zxid that is not older than anything done before.
func lastZxid(t *testing.T, addr string) int64 {
	t.Helper()
	s := zktest.Connect(t, session.Options{Servers: []string{addr}})
	defer s.Close()
	path, err := s.Create(t.Context(), "/mark-", nil, zk.FlagEphemeral|zk.FlagSequence)
	if err != nil {
		t.Fatal(err)
	}
	_, stat, err := s.Exists(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return stat.Czxid
}

func TestSessionWithoutContactGivesUp(t *testing.T) {
	srv, _ := zktest.Shared(t)
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Timeout: time.Second})
	proxy.Cut()
	<-s.Done()
	if !errors.Is(s.Err(), session.ErrExpired) {
		t.Error(s.Err())
	}
}

func TestFrozenServerCountsAsNoContact(t *testing.T) {
	srv := zktest.Start(t, zkserver.Options{})
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Timeout: time.Second})
	srv.Pause()
	defer srv.Resume()
	<-s.Done()
}

func TestLossInTheMiddleOfACall(t *testing.T) {
	ctx := t.Context()
	srv := zktest.Start(t, zkserver.Options{})
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Timeout: patient})
	if _, err := s.Create(ctx, "/x", []byte("old"), 0); err != nil {
		t.Fatal(err)
	}
	srv.Pause() // calls are sent but not answered
	sent := proxy.Sent()
	wrote, read := make(chan error), make(chan error)
	go func() {
		_, err := s.Set(ctx, "/x", []byte("new"), -1)
		wrote <- err
	}()
	go func() {
		_, _, err := s.Get(ctx, "/x")
		read <- err
	}()
	for proxy.Sent() < sent+48 { // both requests, by their size on the wire
		time.Sleep(time.Millisecond)
	}
	proxy.Cut()
	if err := <-wrote; !errors.Is(err, zk.ErrConnectionClosed) {
		t.Errorf("a write of unknown outcome returned %v", err)
	}
	srv.Resume()
	proxy.Restore()
	if err := <-read; err != nil {
		t.Errorf("a read was not repeated: %v", err)
	}
}

func TestSuspendedCallEndsWithItsContext(t *testing.T) {
	srv, root := zktest.Shared(t)
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Chroot: root, Timeout: patient})
	proxy.Cut()
	waitSuspended(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := s.Create(ctx, "/x", nil, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestConnectWaitsForTheServer(t *testing.T) {
	ctx := t.Context()
	srv := zktest.Start(t, zkserver.Options{})
	srv.Stop()
	connected := make(chan error)
	go func() {
		s, err := session.Connect(ctx, session.Options{
			Servers: []string{"no-such-host.invalid:2181", srv.Addr}, // one bad name must not matter
			Chroot:  "/made/at/first/contact",
		})
		if err == nil {
			s.Close()
		}
		connected <- err
	}()
	if err := srv.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-connected; err != nil {
		t.Error(err)
	}
}

func waitSuspended(t *testing.T, s *session.Session) {
	t.Helper()
	for !s.Suspended() {
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
		time.Sleep(time.Millisecond)
	}
}
