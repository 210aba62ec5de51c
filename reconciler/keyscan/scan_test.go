package keyscan_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/nodepool-tf/nodepool-tf/reconciler/keyscan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestScanOpenSSH(t *testing.T) {
	cases := []struct {
		name, addr string // addr is what the sshd listens on
		dial       string // what is scanned, if not addr
		kinds      []string
	}{
		{name: "every kind, in our order", addr: "127.0.0.1", kinds: []string{"ed25519", "p256", "p384", "p521", "rsa"}},
		{name: "as a distribution ships it", addr: "127.0.0.1", kinds: []string{"ed25519", "p256", "rsa"}},
		{name: "only rsa", addr: "127.0.0.1", kinds: []string{"rsa"}},
		{name: "only P-521", addr: "127.0.0.1", kinds: []string{"p521"}},
		{name: "host name", addr: "127.0.0.1", dial: "localhost", kinds: []string{"ed25519"}},
		{name: "IPv6", addr: "::1", kinds: []string{"ed25519", "rsa"}},
		{name: "IPv6 in brackets", addr: "::1", dial: "[::1]", kinds: []string{"ed25519"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			port := freePort(t, c.addr)
			want := openssh(t, c.addr, port, c.kinds...)
			if c.dial == "" {
				c.dial = c.addr
			}
			got, err := keyscan.Scan(bounded(t), c.dial, port, true)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("host keys (-want +got):\n%s", diff)
			}
		})
	}
}

// A machine that boots: refused first, then a port that accepts.
func TestScanOpensLate(t *testing.T) {
	port := freePort(t, "127.0.0.1")
	type result struct {
		keys []string
		err  error
	}
	done := make(chan result, 1)
	ctx := bounded(t)
	go func() {
		keys, err := keyscan.Scan(ctx, "127.0.0.1", port, true)
		done <- result{keys, err}
	}()
	want := openssh(t, "127.0.0.1", port, "ed25519", "rsa") // generating an RSA key takes a few tries' time
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	if diff := cmp.Diff(want, r.keys); diff != "" {
		t.Errorf("host keys (-want +got):\n%s", diff)
	}
}

func TestScanWithoutGathering(t *testing.T) {
	port, accepted := server(t, func(c net.Conn) { <-hungUp(c) })
	keys, err := keyscan.Scan(bounded(t), "127.0.0.1", port, false)
	if err != nil || keys != nil {
		t.Errorf("got %q, %v; want nil, nil", keys, err)
	}
	if accepted.Load() > 1 {
		t.Errorf("%d connections, want one", accepted.Load())
	}
}

// Kinds that a server does not announce cost no connection: sshd counts those against us.
func TestScanAsksOnlyForWhatIsOffered(t *testing.T) {
	config := &ssh.ServerConfig{NoClientAuth: true}
	for _, kind := range []string{"ed25519", "rsa"} {
		file := filepath.Join(t.TempDir(), kind)
		hostKey(t, file, kind)
		pem, err := os.ReadFile(file)
		check(t, err)
		signer, err := ssh.ParsePrivateKey(pem)
		check(t, err)
		config.AddHostKey(signer)
	}
	port, accepted := server(t, func(c net.Conn) { _, _, _, _ = ssh.NewServerConn(c, config) })
	keys, err := keyscan.Scan(bounded(t), "127.0.0.1", port, true)
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %q, %v; want two keys", keys, err)
	}
	if n := accepted.Load(); n != 2 {
		t.Errorf("%d connections for two keys", n)
	}
}

// Servers that never become usable: the scan ends with ctx, says so, and leaves nothing behind.
func TestScanGivesUp(t *testing.T) {
	cases := []struct {
		name  string
		serve func(net.Conn)
		retry bool // more than one attempt must have been made
		want  string
	}{
		{"accepts and says nothing", func(c net.Conn) { <-hungUp(c) }, false, "deadline"},
		{"closes", func(net.Conn) {}, true, "SSH handshake"},
		{"resets", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, true, "reset"},
		{"speaks HTTP", func(c net.Conn) { say(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, true, "SSH handshake"},
		{"a banner without end", func(c net.Conn) { say(c, "SSH-2.0-"+strings.Repeat("x", 1<<16)) }, true, "SSH handshake"},
		{"lines without end", func(c net.Conn) { say(c, strings.Repeat("no\n", 1<<14)) }, true, "SSH handshake"},
		{"SSH 1", func(c net.Conn) { say(c, "SSH-1.5-old\n") }, true, "SSH handshake"},
		{"rubbish after the banner", func(c net.Conn) { say(c, "SSH-2.0-x\r\n\xff\xff\xff\xff\x00rubbish") }, true, "SSH handshake"},
		{"a packet of length zero", func(c net.Conn) { say(c, "SSH-2.0-x\r\n\x00\x00\x00\x00\x00\x14") }, true, "SSH handshake"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			port, accepted := server(t, c.serve)
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			keys, err := keyscan.Scan(ctx, "127.0.0.1", port, true)
			if keys != nil || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %q, %v; want a deadline error", keys, err)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "127.0.0.1:") {
				t.Errorf("error does not say where and what (%q): %v", c.want, err)
			}
			if c.retry && accepted.Load() < 2 {
				t.Errorf("%d connections, want retries", accepted.Load())
			}
		})
	}
}

func TestScanRefused(t *testing.T) {
	port := freePort(t, "127.0.0.1")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := keyscan.Scan(ctx, "127.0.0.1", port, true)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v; want a deadline error that says refused", err)
	}
}

func TestScanCancelled(t *testing.T) {
	port, accepted := server(t, func(c net.Conn) { <-hungUp(c) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for accepted.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := keyscan.Scan(ctx, "127.0.0.1", port, true)
	if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v; want context.Canceled and no deadline", err)
	}
}

func TestScanUnusableAddress(t *testing.T) {
	for _, c := range []struct {
		addr string
		port int
	}{{"", 22}, {"[]", 22}, {"127.0.0.1", 0}, {"127.0.0.1", -1}, {"127.0.0.1", 65536}} {
		if _, err := keyscan.Scan(t.Context(), c.addr, c.port, true); err == nil {
			t.Errorf("Scan(%q, %d) succeeded", c.addr, c.port)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := keyscan.Scan(ctx, "no-such-host.invalid", 22, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("unknown name: got %v; want a deadline error", err)
	}
}

// bounded is a context for scans that must succeed.
func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// server accepts connections on a loopback port, hands each to serve, then closes it.
func server(t *testing.T, serve func(net.Conn)) (port int, accepted *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	accepted = new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			go func() {
				serve(c)
				c.Close()
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, accepted
}

func say(c net.Conn, text string) { _, _ = c.Write([]byte(text)) }

// hungUp is closed once the peer is gone.
func hungUp(c net.Conn) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 512)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	}()
	return done
}
