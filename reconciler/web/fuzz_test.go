package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// No query and no Accept header makes the handler fail, and no answer is of a kind that the client did not ask for.
func FuzzQuery(f *testing.F) {
	for _, seed := range [][2]string{
		{"fields=id,image,state", "application/json"}, {"node_id=0000000007", "text/*;q=0.3"}, {"fields=%zz&;;=&fields_json=1", "*/*"},
		{"node_id=../../zookeeper", ","}, {"fields=,,,", "a/b;q=1e999"}, {"fields=" + "id,id,", "\x00"},
	} {
		f.Add(seed[0], seed[1])
	}
	h := handler(fleet())
	f.Fuzz(func(t *testing.T, query, accept string) {
		r := httptest.NewRequest(http.MethodGet, "/node-list", nil)
		r.URL = &url.URL{Path: "/node-list", RawQuery: query}
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch got := w.Result(); got.StatusCode {
		case http.StatusOK:
			if ct := got.Header.Get("Content-Type"); ct != jsonType && ct != textType {
				t.Errorf("content type %q", ct)
			}
		case http.StatusNotAcceptable, http.StatusServiceUnavailable:
		default:
			t.Errorf("%q %q: %s", query, accept, got.Status)
		}
	})
}
