package main

import (
	"errors"
	"net/http"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestInstanceOverHTTP is one instance's life, and what is answered once it is gone.
func TestInstanceOverHTTP(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	i, err := b.create(ctx)
	if err != nil || i.State != api.Active || i.PublicIPv4 == "" {
		t.Fatalf("%+v %v", i, err)
	}
	at := api.Path("acme", api.Instances, i.ID)
	if err := b.Do(ctx, http.MethodPatch, at, map[string]any{"tags": map[string]string{"node": "2"}}, nil); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]int{"1": 0, "2": 1, "": 1} {
		all, err := api.All[api.Instance](ctx, b.Client, "acme", api.Instances, map[string]string{"node": tag})
		if err != nil || len(all) != want {
			t.Errorf("tag %q: %d %v", tag, len(all), err)
		}
	}
	if err := b.Do(ctx, http.MethodGet, api.Path("other", api.Instances, i.ID), nil, nil); !api.NotFound(err) {
		t.Errorf("another project: %v", err)
	}
	if err := b.Do(ctx, http.MethodDelete, at, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodDelete} {
		if err := b.Do(ctx, method, at, map[string]any{"tags": nil}, nil); !api.NotFound(err) {
			t.Errorf("%s of what is gone: %v", method, err)
		}
	}
	var bill api.Books
	if err := b.Do(ctx, http.MethodGet, "/books?project=acme", nil, &bill); err != nil || !bill.Balanced() || bill.Requests["instances.delete"] != 2 || bill.Requests["204"] == 0 {
		t.Errorf("books %+v %v", bill, err)
	}
}

// TestObjectsOverHTTP is the same for an image; a network's address does not find it.
func TestObjectsOverHTTP(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	var o api.Object
	if err := b.Do(ctx, http.MethodPost, api.Path("acme", api.Images, ""), api.Object{Name: "mine", Details: map[string]string{"format": "qcow2"}}, &o); err != nil {
		t.Fatal(err)
	}
	at := api.Path("acme", api.Images, o.ID)
	if err := b.Do(ctx, http.MethodPatch, at, map[string]any{"tags": map[string]string{"build": "7"}}, &o); err != nil || o.Tags["build"] != "7" || o.Details["format"] != "qcow2" {
		t.Errorf("%+v %v", o, err)
	}
	if err := b.Do(ctx, http.MethodDelete, api.Path("acme", api.Networks, o.ID), nil, nil); !api.NotFound(err) {
		t.Errorf("among the networks: %v", err)
	}
	if bill := b.books.Bill(""); bill.Images != 1 || bill.Balanced() {
		t.Errorf("books %+v", bill)
	}
	if err := b.Do(ctx, http.MethodDelete, at, nil, nil); err != nil {
		t.Error(err)
	}
	if err := b.Do(ctx, http.MethodGet, at, nil, nil); !api.NotFound(err) {
		t.Errorf("what is gone: %v", err)
	}
}

func TestBadRequests(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPost, "/v1/acme/instances", "no mapping"},
		{http.MethodPost, "/v1/acme/instances", map[string]any{"colour": "red"}},
		{http.MethodGet, "/v1/acme/instances?limit=-1", nil},
		{http.MethodGet, "/v1/acme/instances?marker=x", nil},
		{http.MethodPut, "/admin/projects/acme/faults", map[string]any{}},
	} {
		var p *api.StatusError
		if err := b.Do(t.Context(), c.method, c.path, c.body, nil); !errors.As(err, &p) || p.Status != 400 {
			t.Errorf("%s %s %v: %v", c.method, c.path, c.body, err)
		}
	}
}
