//go:build aws

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// front stands before moto: it answers what moto does not know, refuses what a test wants refused, and counts calls.
type front struct {
	*httptest.Server
	moto    string // its URL
	mu      sync.Mutex
	refuses map[string]denial // by action, or by action and instance type
	quotas  string            // ListServiceQuotas, which moto does not have
	asked   map[string]int    // by action
	forms   []url.Values      // what was asked of EC2 to make something
}

// denial is an answer as EC2 gives it.
type denial struct {
	status        int
	code, message string
}

func newFront(t *testing.T, moto string) *front {
	t.Helper()
	u, err := url.Parse(moto)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{moto: moto, refuses: map[string]denial{}, quotas: `{"Quotas": []}`, asked: map[string]int{}}
	behind := httputil.NewSingleHostReverseProxy(u)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !f.answer(w, r, string(body)) {
			behind.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(f.Close)
	return f
}

// answer gives an answer of its own, if it has one.
func (f *front) answer(w http.ResponseWriter, r *http.Request, body string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, call, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "ServiceQuotasV20190624."); ok {
		f.asked[call]++
		_, _ = io.WriteString(w, f.quotas)
		return true
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return false
	}
	action := form.Get("Action")
	f.asked[action]++
	if strings.HasPrefix(action, "Run") || strings.HasPrefix(action, "Create") {
		f.forms = append(f.forms, form)
	}
	no, ok := f.refuses[action]
	if !ok {
		no, ok = f.refuses[action+" "+form.Get("InstanceType")]
	}
	if ok {
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>1</RequestID></Response>`, no.code, no.message)
	}
	return ok
}

// refuse answers calls with errors from now on, all others as moto does.
func (f *front) refuse(calls map[string]denial) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuses = calls
}

// grant sets the quotas, by code.
func (f *front) grant(quotas string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quotas = quotas
}

// sent is the call that made something of a node, told by its tags: moto forgets part of what it is asked for.
func (f *front) sent(action, node string) url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, form := range f.forms {
		for _, value := range form {
			if form.Get("Action") == action && value[0] == "np"+node {
				return form
			}
		}
	}
	return nil
}

// count is how often a call was made.
func (f *front) count(action string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[action]
}

// actions are all calls that were made, sorted: what an account must be allowed to do.
func (f *front) actions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.asked))
}

// call makes a call behind the front and returns moto's answer.
func (f *front) call(t *testing.T, service, version, action string, args ...string) string {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {version}}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	q, err := http.NewRequest(http.MethodPost, f.moto+"/", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// Moto tells services apart by the signature, which it does not check.
	q.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v %s", action, resp.Status, err, body)
	}
	return regexp.MustCompile(`>\s+<`).ReplaceAllString(string(body), "><")
}
