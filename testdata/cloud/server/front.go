package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/books"
)

// front is the cloud as its clients meet it.
type front struct {
	ctx   context.Context // of the process
	books *books.Books

	mu   sync.Mutex
	seen map[string]int // requests by resource and operation, and by outcome
}

func newFront(ctx context.Context, b *books.Books) http.Handler {
	f := &front{ctx: ctx, books: b, seen: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/{project}/instances", f.handle(api.Instances, api.Create, f.create))
	mux.HandleFunc("GET /v1/{project}/instances", f.handle(api.Instances, api.List, f.list))
	mux.HandleFunc("GET /v1/{project}/instances/{id}", f.handle(api.Instances, api.Get, f.get))
	mux.HandleFunc("PATCH /v1/{project}/instances/{id}", f.handle(api.Instances, "update", f.retag))
	mux.HandleFunc("DELETE /v1/{project}/instances/{id}", f.handle(api.Instances, api.Delete, f.remove))
	for _, kind := range []string{api.Images, api.Networks} {
		all, one := "/v1/{project}/"+kind, "/v1/{project}/"+kind+"/{id}"
		mux.HandleFunc("POST "+all, f.handle(kind, api.Create, f.createObject))
		mux.HandleFunc("GET "+all, f.handle(kind, api.List, f.listObjects))
		mux.HandleFunc("GET "+one, f.handle(kind, api.Get, f.getObject))
		mux.HandleFunc("PATCH "+one, f.handle(kind, "update", f.retagObject))
		mux.HandleFunc("DELETE "+one, f.handle(kind, api.Delete, f.removeObject))
	}
	mux.HandleFunc("GET /v1/{project}/flavors", f.handle("flavors", api.List, f.flavors))
	f.admin(mux)
	return mux
}

// handle puts what all requests have in common around do: token, delay, faults.
func (f *front) handle(resource string, op api.Op, do func(*call) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r, project: r.PathValue("project"), resource: resource, id: r.PathValue("id")}
		f.count(resource + "." + string(op))
		if token := f.books.Settings(c.project).Token; token != "" && r.Header.Get("Authorization") != "Bearer "+token {
			f.reply(w, answer{}, &api.StatusError{Status: 401, Code: "Unauthorized", Message: unauthorized})
			return
		}
		delay, fault, err := f.books.Plan(c.project, resource, op, flavorOf(r, resource, op))
		// A client that goes away does not stop what it asked for, as everywhere.
		if !f.sleep(delay) {
			return
		}
		if err == nil {
			err = refusal(fault)
		}
		if fault != nil && fault.Kind == api.Hang {
			f.hang(r)
			return
		}
		var a answer
		if err == nil {
			c.fault = fault
			a, err = do(c)
		}
		if fault != nil && fault.Kind == api.Lost {
			f.count("lost")
			f.hang(r)
			return
		}
		f.reply(w, a, err)
	}
}

// flavorOf looks into what asks for an instance, and leaves it to be read again.
func flavorOf(r *http.Request, resource string, op api.Op) string {
	if resource != api.Instances || op != api.Create {
		return ""
	}
	data, _ := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20)) // what is wrong with it, do says
	r.Body = io.NopCloser(bytes.NewReader(data))
	var spec api.InstanceSpec
	_ = json.Unmarshal(data, &spec)
	return spec.Flavor
}

// sleep reports whether the cloud still runs after that.
func (f *front) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-f.ctx.Done():
		return false
	}
}

// hang keeps a request without an answer until its client gives up.
func (f *front) hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // before that net/http does not notice that the client leaves
	select {
	case <-r.Context().Done():
	case <-f.ctx.Done():
	}
	panic(http.ErrAbortHandler) // not even an empty answer
}

func (f *front) count(what string) {
	f.mu.Lock()
	f.seen[what]++
	f.mu.Unlock()
}
