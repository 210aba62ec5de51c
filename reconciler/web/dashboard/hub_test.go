package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// newTestHub is a hub whose rounds a test makes by itself, one after the other.
func newTestHub(t *testing.T) (*source, *hub, func()) {
	t.Helper()
	_, log := newLog()
	src := &source{s: fleet(100)}
	h := newHub(src, &stage{}, log)
	h.tick = func(time.Duration) <-chan time.Time { return nil }
	t.Cleanup(h.close)
	var last *scene
	return src, h, func() { last = h.round(h.open(), last) }
}

// changed is which sections a message holds.
func changed(t *testing.T, m []byte) string {
	t.Helper()
	_, data, _ := strings.Cut(string(m), "data: ")
	var v struct{ HTML map[string]string }
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatalf("%v in %s", err, m)
	}
	var names []string
	for _, name := range sections {
		if v.HTML[name] != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func TestHubSendsWhatChanged(t *testing.T) {
	src, h, round := newTestHub(t)
	s := h.join(Query{})
	round()
	if got := changed(t, <-s.mail); got != "head states pools runs requests failures nodes" { // no alerts
		t.Errorf("first %s", got)
	}
	round() // the same snapshot
	later := fleet(100)
	later.At = later.At.Add(time.Second)
	round()
	src.show(later) // nothing but the time
	round()
	src.show(busy(fleet(100), 4))
	round()
	if got := changed(t, <-s.mail); got != "alerts pools runs requests failures" {
		t.Errorf("then %s", got)
	}
	other := h.join(Query{State: "ready"})
	round()
	if got := changed(t, <-other.mail); !strings.Contains(got, "nodes") {
		t.Errorf("the new stream got %s", got)
	}
	round()
	if len(s.mail) != 0 {
		t.Errorf("the old stream got %s", changed(t, <-s.mail))
	}
}

// A reader who takes nothing holds one message, gets the newest state when he comes back, and is given up some time.
func TestHubSlowReader(t *testing.T) {
	src, h, round := newTestHub(t)
	s := h.join(Query{})
	for i := range mostMissed {
		src.show(fleet(100 + i))
		round()
	}
	if len(s.mail) != 1 {
		t.Fatalf("%d messages wait", len(s.mail))
	}
	<-s.mail
	src.show(fleet(77))
	round()
	if m := string(<-s.mail); !strings.Contains(m, "77") || strings.Contains(m, "100</b>") {
		t.Errorf("not the newest: %s", m)
	}
	for i := range mostMissed + 3 {
		src.show(fleet(200 + i))
		round()
	}
	<-s.mail
	if _, ok := <-s.mail; ok || len(h.open()) != 0 {
		t.Error("a reader who never reads is kept")
	}
}

func TestHubRestsWithoutReaders(t *testing.T) {
	src, h, _ := newTestHub(t)
	turn := make(chan time.Time)
	h.tick = func(time.Duration) <-chan time.Time { return turn }
	s := h.join(Query{})
	turn <- noon
	<-s.mail
	h.leave(s)
	turn <- noon // finds nobody
	h.wg.Wait()
	asks := src.asks
	if s = h.join(Query{}); s == nil {
		t.Fatal("no stream")
	}
	turn <- noon
	<-s.mail
	if src.asks != asks+1 {
		t.Errorf("%d snapshots for one round", src.asks-asks)
	}
}

// serve runs a dashboard on a real socket.
func serve(t *testing.T, o Options) (*Dashboard, *httptest.Server) {
	t.Helper()
	if o.Log == nil {
		_, o.Log = newLog()
	}
	d := New(o)
	srv := httptest.NewServer(d)
	t.Cleanup(func() {
		d.Close()
		srv.Close()
	})
	return d, srv
}

// A thousand clients open streams and most never read: two hundred are served, the others are told to come again, and the page
// is there for everybody.
func TestThousandStreams(t *testing.T) {
	src := &source{s: fleet(100)}
	d, srv := serve(t, Options{Source: src})
	addr := srv.Listener.Addr().String()
	var mu sync.Mutex
	answers := map[string]int{}
	var wg sync.WaitGroup
	var conns []net.Conn
	for range 1000 {
		wg.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(conn, "GET /dashboard/events HTTP/1.1\r\nHost: x\r\n\r\n")
			line, _ := bufio.NewReaderSize(conn, 16).ReadString('\n')
			mu.Lock()
			defer mu.Unlock()
			answers[strings.TrimSpace(line)]++
			conns = append(conns, conn)
		})
	}
	wg.Wait()
	if answers["HTTP/1.1 200 OK"] != maxStreams || answers["HTTP/1.1 503 Service Unavailable"] != 1000-maxStreams {
		t.Errorf("%v", answers)
	}
	if n := len(d.hub.open()); n != maxStreams {
		t.Errorf("%d streams", n)
	}
	if status, body := get(t, srv.URL+"/"); status != http.StatusOK || !strings.Contains(body, "launcher01") {
		t.Errorf("%d %s", status, body)
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return resp.StatusCode, string(body)
}

// A stream ends with its reader, and with the dashboard.
func TestStreamEnds(t *testing.T) {
	d, srv := serve(t, Options{Source: &source{s: fleet(10)}})
	open := func(ctx context.Context) *http.Response {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/dashboard/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	ctx, leave := context.WithCancel(t.Context())
	first, second := open(ctx), open(t.Context())
	defer first.Body.Close()
	defer second.Body.Close()
	if got := first.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %s", got)
	}
	lines := bufio.NewScanner(second.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: {") {
	}
	leave()
	d.Close()
	rest, err := io.ReadAll(second.Body)
	if err != nil {
		t.Errorf("%v after %s", err, rest)
	}
}
