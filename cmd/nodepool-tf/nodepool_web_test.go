package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// freePort finds a port that nobody uses now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// ours are keys that Nodepool's answers do not have.
var ours = []string{"state_time", "age_seconds"}

// pagesAgree compares the answers of both launchers: the same rows with the same keys and types of values, and the same
// columns for people.
func (r *besideRig) pagesAgree() {
	r.t.Helper()
	r.imagePages()
	req := r.wait(r.submit("py"), record.RequestFulfilled)
	defer func() { r.use(req) }()
	for _, path := range []string{"/node-list", "/request-list", "/label-list", "/image-list", "/dib-image-list", "/image-status"} {
		var theirs, mine string
		same := func() bool { // each of them sees a change in its time
			kind, body := r.pythonPage(path, "application/json")
			if kind != "application/json" {
				return false
			}
			_, own := r.page(path, "application/json")
			theirs, mine = shape(r.t, body), shape(r.t, own)
			return theirs == mine
		}
		for until := time.Now().Add(15 * time.Second); !same() && time.Now().Before(until); {
			time.Sleep(50 * time.Millisecond)
		}
		if diff := cmp.Diff(theirs, mine); diff != "" || theirs == "" {
			r.t.Errorf("%s (-nodepool +ours):\n%s", path, diff)
		}
		_, text := r.pythonPage(path, "text/plain")
		_, own := r.page(path, "text/plain")
		if diff := cmp.Diff(titles(text), titles(own)); diff != "" {
			r.t.Errorf("%s: columns (-nodepool +ours):\n%s", path, diff)
		}
	}
}

// pythonPage asks Nodepool's launcher for a page.
func (r *besideRig) pythonPage(path, accept string) (kind, body string) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", r.pythonWeb, path), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Accept", accept)
	got, err := http.DefaultClient.Do(q)
	if err != nil {
		return "", err.Error() // not yet
	}
	defer got.Body.Close()
	data, err := io.ReadAll(got.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return got.Header.Get("Content-Type"), string(data)
}

// shape tells the rows of a list by their keys, and by the types of the values.
func shape(t *testing.T, body string) string {
	t.Helper()
	var rows []map[string]any
	if err := json.Unmarshal([]byte(body), &rows); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var out []string
	for _, row := range rows {
		var cells []string
		for _, k := range slices.Sorted(maps.Keys(row)) {
			if !slices.Contains(ours, k) {
				if row[k] == "" {
					row[k] = nil // Nodepool tells a text that is empty from none; no reader of records does
				}
				cells = append(cells, fmt.Sprintf("%s=%T", k, row[k]))
			}
		}
		out = append(out, fmt.Sprint(row["id"], row["label"], " ", strings.Join(cells, " ")))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// titles are the columns of a table for people.
func titles(text string) []string {
	lines := strings.Split(text, "\n")
	if len(lines) < 2 {
		return nil
	}
	var out []string
	for cell := range strings.SplitSeq(lines[1], "|") {
		if cell = strings.TrimSpace(cell); cell != "" {
			out = append(out, cell)
		}
	}
	return out
}
