package dashboard

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

const secret = "correct-horse-battery"

// operator notes what it is asked.
type operator struct{ asked []string }

func (o *operator) Hold(_ context.Context, node string) error {
	o.asked = append(o.asked, "hold "+node)
	return nil
}

func (o *operator) Delete(_ context.Context, node string) error {
	o.asked = append(o.asked, "delete "+node)
	return errors.New("node " + node + " is being deleted already")
}

// answer is what a request gets.
func answer(t *testing.T, method, url string, header http.Header, form string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return resp.StatusCode, resp.Header, string(body)
}

func TestPaths(t *testing.T) {
	_, srv := serve(t, Options{Source: &source{s: fleet(10)}})
	for _, c := range []struct {
		method, path string
		status       int
		kind         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "text/html; charset=utf-8"},
		{"GET", "/?state=ready&sort=age&page=9", 200, "text/html; charset=utf-8"},
		{"POST", "/", 405, ""},
		{"GET", "/index.html", 404, ""},
		{"GET", "/dashboard/", 404, ""},
		{"GET", "/dashboard/assets/dashboard.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/dashboard/assets/dashboard.css", 200, "text/css; charset=utf-8"},
		{"GET", "/dashboard/assets/doc.go", 404, ""},
		{"GET", "/dashboard/assets/..%2fdoc.go", 404, ""},
		{"POST", "/dashboard/plan", 404, ""}, // without a planner
	} {
		status, h, _ := answer(t, c.method, srv.URL+c.path, nil, "")
		if status != c.status || c.kind != "" && h.Get("Content-Type") != c.kind {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, h.Get("Content-Type"))
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		} {
			if h.Get(name) != want {
				t.Errorf("%s %s: %s %q", c.method, c.path, name, h.Get(name))
			}
		}
	}
}

// Without a token in the configuration there is nothing to change anything with; with one only who knows it may.
func TestAdmin(t *testing.T) {
	op := &operator{}
	_, closed := serve(t, Options{Source: &source{s: fleet(10)}, Operator: op})
	said, log := newLog()
	_, open := serve(t, Options{Source: &source{s: fleet(10)}, Operator: op, AdminToken: secret, Log: log})
	bearer := func(s string) http.Header { return http.Header{"Authorization": {s}} }
	for _, c := range []struct {
		url    string
		header http.Header
		status int
		body   string
	}{
		{closed.URL + "/dashboard/admin", bearer("Bearer "), 404, ""},
		{closed.URL + "/dashboard/nodes/0000000001/hold", bearer("Bearer "), 404, ""},
		{closed.URL + "/dashboard/nodes/0000000001/delete", bearer("Bearer " + secret), 404, ""},
		{open.URL + "/dashboard/admin", bearer("Bearer " + secret), 204, ""},
		{open.URL + "/dashboard/admin", bearer("bearer " + secret), 204, ""},
		{open.URL + "/dashboard/admin", nil, 401, "admin token"},
		{open.URL + "/dashboard/admin", bearer("Bearer "), 401, ""},
		{open.URL + "/dashboard/admin", bearer(secret), 401, ""},
		{open.URL + "/dashboard/admin", bearer("Basic " + secret), 401, ""},
		{open.URL + "/dashboard/nodes/0000000001/hold", bearer("Bearer " + secret + "x"), 401, ""},
		{open.URL + "/dashboard/nodes/0000000001/hold?token=" + secret, nil, 401, ""},
		{open.URL + "/dashboard/nodes/0000000001/hold", bearer("Bearer " + secret), 204, ""},
		{open.URL + "/dashboard/nodes/0000000002/delete", bearer("Bearer " + secret), 409, "being deleted already"},
		{open.URL + "/dashboard/nodes/..%2f..%2fzuul/delete", bearer("Bearer " + secret), 400, ""},
	} {
		status, _, body := answer(t, "POST", c.url, c.header, "")
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %v: %d %s", c.url, c.header, status, body)
		}
	}
	if got := strings.Join(op.asked, "; "); got != "hold 0000000001; delete 0000000002" {
		t.Errorf("asked %s", got)
	}
	if strings.Contains(said.String(), secret) || !strings.Contains(said.String(), "node=0000000002") {
		t.Errorf("log: %s", said)
	}
	for url, admin := range map[string]bool{closed.URL: false, open.URL: true} {
		if _, page := get(t, url+"/"); strings.Contains(page, "data-admin") != admin || strings.Contains(page, "data-act") != admin || strings.Contains(page, secret) {
			t.Errorf("the page offers what it should not, or does not offer what it should (admin %v)", admin)
		}
	}
}
