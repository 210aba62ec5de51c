package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	asked := make(chan string, 20)
	wait := make(chan struct{})
	close(wait)
	h := NewHandler(Options{Explain: func(_ context.Context, id string) (any, error) {
		asked <- id
		<-wait
		if id == "bad" {
			return nil, errors.New("no answer")
		}
		return map[string]string{"id": id}, nil
	}})
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return w
	}
	if w := get(http.MethodGet, "/explain/200-0000000001"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"200-0000000001"`) || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for path, code := range map[string]int{"/explain/bad": http.StatusServiceUnavailable, "/explain/": http.StatusNotFound, "/explain/a/b": http.StatusNotFound} {
		if w := get(http.MethodGet, path); w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
	if w := get(http.MethodPost, "/explain/1"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	// Nobody's questions pile up in the launcher.
	wait = make(chan struct{})
	done := make(chan int, 8)
	for len(asked) > 0 {
		<-asked
	}
	for range 8 {
		go func() { done <- get(http.MethodGet, "/explain/1").Code }()
	}
	for range 8 {
		<-asked
	}
	if w := get(http.MethodGet, "/explain/1"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("the ninth: %d %v", w.Code, w.Header())
	}
	close(wait)
	for range 8 {
		if code := <-done; code != http.StatusOK {
			t.Error(code)
		}
	}
}
