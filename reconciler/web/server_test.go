package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/web"
)

// serve runs a server until the test ends.
func serve(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	s, err := web.Listen("127.0.0.1", 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	if h != nil {
		s.Show(h)
	}
	return s.Addr()
}

// from is a client with an address of its own.
func from(ip string) *http.Client {
	d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}, Timeout: 20 * time.Second}
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(data)
}

// A client that opens a thousand connections, reads nothing, sends garbage or never ends its request leaves the others
// served.
func TestHostileClients(t *testing.T) {
	address := serve(t, handler(fleet()))
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.66")}}
	openings := []string{
		"", "GET /node-list HTTP/1.1\r\n", strings.Repeat("GET /node-list HTTP/1.1\r\nHost: x\r\n\r\n", 50), "\x16\x03\x01\x02\x00garbage\xff\xfe",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 64<<10), "POST /node-list HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
	}
	refused := 0
	for i := range 1000 {
		c, err := d.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, openings[i%len(openings)]); err != nil {
			refused++ // one too many
		}
	}
	if code, got := get(t, from("127.0.0.77"), "http://"+address+"/ready"); code != 200 || got != "OK" {
		t.Errorf("beside hostile clients: %d %s", code, got)
	}
}

// What is no request gets an error or silence, and too much of a header is refused.
func TestGarbage(t *testing.T) {
	address := serve(t, handler(fleet()))
	for sent, want := range map[string]string{
		"\x00\x01\x02\r\n\r\n": "400", "GET /ready HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n": "431",
		"GET /ready HTTP/9.9\r\nHost: x\r\n\r\n": "505", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": "400",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, sent) // may be cut off in the middle
		line, _ := bufio.NewReader(c).ReadString('\n')
		if !strings.Contains(line, want) {
			t.Errorf("%.40q is answered %q, want %s", sent, line, want)
		}
		c.Close()
	}
}

func TestStarting(t *testing.T) {
	address := serve(t, nil)
	for path, code := range map[string]int{"/health/live": 200, "/ready": 503, "/node-list": 503, "/": 503} {
		if got, _ := get(t, from("127.0.0.1"), "http://"+address+path); got != code {
			t.Errorf("%s before the launcher is there: %d, want %d", path, got, code)
		}
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if _, err := web.Listen("127.0.0.1", port, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "webapp.port") {
		t.Errorf("a port that is taken: %v", err)
	}
	if _, err := web.Listen("256.1.1.1", 0, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "webapp.listen_address") {
		t.Errorf("an address that is none: %v", err)
	}
}

// An open stream does not keep the launcher from ending.
func TestStreamEnds(t *testing.T) {
	s, err := web.Listen("127.0.0.1", 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.Show(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	r, err := from("127.0.0.1").Get("http://" + s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
