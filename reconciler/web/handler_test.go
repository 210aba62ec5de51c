package web_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

const jsonType, textType = "application/json", "text/plain; charset=UTF-8"

// What each list says, in both formats.
func TestGolden(t *testing.T) {
	for name, target := range map[string]string{
		"nodes": "/node-list", "requests": "/request-list", "labels": "/label-list", "nodes-fields": "/node-list?fields=state,id,nonsense",
		"nodes-fields-json": "/node-list?fields=id,label&fields_json=1",
	} {
		for ext, accept := range map[string]string{"txt": "text/plain", "json": jsonType} {
			r := ask(handler(fleet()), http.MethodGet, target, "Accept", accept)
			got := body(t, r)
			if r.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s %s", target, r.Status, got)
			}
			file := filepath.Join("testdata", name+"."+ext)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got), -update rewrites it:\n%s", file, diff)
			}
			if strings.Contains(got, "SECRET") {
				t.Errorf("%s shows a secret:\n%s", target, got)
			}
		}
	}
}

func TestNegotiation(t *testing.T) {
	for _, c := range []struct {
		accept, want string // "" is 406
	}{
		{"", textType}, {"*/*", textType}, {"text/*", textType}, {"text/html", textType}, {"text/plain", textType}, {jsonType, jsonType},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", textType}, // a browser
		{"application/json, */*", jsonType}, {"application/json, text/plain, */*", textType}, {"application/json;q=0.5, text/plain;q=0.4", jsonType},
		{"application/json;q=0.4, text/plain;q=0.5", textType}, {"application/*", jsonType}, {"text/html;q=0, text/plain;q=0, */*", jsonType},
		{"application/xml", ""}, {"application/json;q=0", ""}, {"image/png, audio/*", ""}, {"garbage", textType}, {"\x00/\xff;;q=,", ""}, {"APPLICATION/JSON", jsonType},
		{"application/json;q=NaN", ""}, {"application/json;q=7", ""},
	} {
		var head []string
		if c.accept != "" {
			head = []string{"Accept", c.accept}
		}
		r := ask(handler(fleet()), http.MethodGet, "/request-list", head...)
		switch {
		case c.want == "" && r.StatusCode != http.StatusNotAcceptable:
			t.Errorf("Accept %q: %s, want 406", c.accept, r.Status)
		case c.want != "" && r.Header.Get("Content-Type") != c.want:
			t.Errorf("Accept %q: %s %q, want %q", c.accept, r.Status, r.Header.Get("Content-Type"), c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := handler(fleet())
	want := map[string]string{
		"Access-Control-Allow-Origin": "*", "Cache-Control": "max-age=1, public", "Content-Type": jsonType,
		"Last-Modified": "Tue, 17 Sep 2024 08:25:00 GMT", "Expires": "Tue, 17 Sep 2024 08:25:01 GMT",
	}
	get, head := ask(h, "GET", "/node-list", "Accept", jsonType), ask(h, "HEAD", "/node-list", "Accept", jsonType)
	for name, value := range want {
		if get.Header.Get(name) != value || head.Header.Get(name) != value {
			t.Errorf("%s: GET %q, HEAD %q, want %q", name, get.Header.Get(name), head.Header.Get(name), value)
		}
	}
	full := body(t, get)
	if n := strconv.Itoa(len(full)); get.Header.Get("Content-Length") != n || head.Header.Get("Content-Length") != n || body(t, head) != "" {
		t.Errorf("length %s and %s of %s", get.Header.Get("Content-Length"), head.Header.Get("Content-Length"), n)
	}
	for since, code := range map[string]int{
		"Tue, 17 Sep 2024 08:25:00 GMT": 304, "Tue, 17 Sep 2024 09:00:00 GMT": 304, "Tue, 17 Sep 2024 08:24:59 GMT": 200, "nonsense": 200,
	} {
		r := ask(h, "GET", "/node-list", "Accept", jsonType, "If-Modified-Since", since)
		if r.StatusCode != code || r.Header.Get("Cache-Control") != want["Cache-Control"] || code == 304 && (body(t, r) != "" || r.Header.Get("Content-Type") != "") {
			t.Errorf("If-Modified-Since %s: %s, want %d (%v)", since, r.Status, code, r.Header)
		}
	}
}

func TestPathsAndMethods(t *testing.T) {
	h := handler(fleet())
	for target, code := range map[string]int{
		"/": 404, "/nope": 404, "/node-list/": 404, "/node-lists": 404, "/metrics": 404, "/dashboard/": 404, "/health/nope": 404,
		"/node-list": 200, "/request-list": 200, "/label-list": 200, "/ready": 200, "/health": 200, "/health/live": 200, "/health/ready": 200,
		"/image-list": 503, "/dib-image-list": 503, "/image-status": 503, "/node-list?node_id=7": 503, // they read ZooKeeper
	} {
		if r := ask(h, "GET", target); r.StatusCode != code {
			t.Errorf("GET %s: %s, want %d", target, r.Status, code)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"} {
		if r := ask(h, method, "/node-list"); r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %s, Allow %q", method, r.Status, r.Header.Get("Allow"))
		}
	}
}

// A launcher without ZooKeeper has no data to show, and is alive.
func TestZooKeeperAway(t *testing.T) {
	for _, state := range []status.SessionState{status.Suspended, status.Connecting} {
		s := fleet()
		s.snapshot.Session = state
		h := handler(s)
		for target, code := range map[string]int{"/node-list": 503, "/request-list": 503, "/label-list": 503, "/ready": 503, "/health/ready": 503, "/health": 200, "/health/live": 200} {
			if r := ask(h, "GET", target); r.StatusCode != code {
				t.Errorf("%s: GET %s: %s, want %d", state, target, r.Status, code)
			}
		}
		if got := body(t, ask(h, "GET", "/ready")); got != "zookeeper: "+string(state)+"\n" {
			t.Errorf("/ready says %q", got)
		}
	}
}

func TestHealth(t *testing.T) {
	s := fleet()
	s.snapshot.Config.Warnings = []string{"f.yaml:3: max-servres: no such option"}
	h := handler(s)
	if got := body(t, ask(h, "GET", "/ready")); got != "OK" {
		t.Errorf("/ready says %q", got)
	}
	got := body(t, ask(h, "GET", "/health"))
	for _, part := range []string{`"version": "nodepool-tf 1.2.3"`, `"uptime_seconds": 3600`, `"zookeeper": "connected"`, `"hash": "c0ffee"`, `"paused": true`, `"last_error": "auth"`, `"last_error": "unknown"`, `but: f.yaml:3: max-servres: no such option`} {
		if !strings.Contains(got, part) {
			t.Errorf("/health lacks %s:\n%s", part, got)
		}
	}
	if strings.Contains(got, "SECRET") {
		t.Errorf("/health shows what a cloud said:\n%s", got)
	}
	s.snapshot.Pools[0].Registered = false
	if r := ask(h, "GET", "/ready"); r.StatusCode != 503 || body(t, r) != "pool main of provider cloud-a is not registered\n" {
		t.Errorf("/ready with a pool that is not registered: %s", r.Status)
	}
	s.stuck = errors.New("the loop has not turned for 61s")
	for _, target := range []string{"/health/live", "/health", "/ready", "/health/ready"} {
		if r := ask(h, "GET", target); r.StatusCode != 503 || !strings.Contains(body(t, r), "61s") {
			t.Errorf("a stuck loop: %s %s", target, r.Status)
		}
	}
}
