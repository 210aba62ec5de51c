package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/books"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a front with a client.
type bench struct {
	*api.Client
	t     *testing.T
	books *books.Books
	end   context.CancelFunc // of the cloud
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b, err := books.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	srv := httptest.NewServer(newFront(ctx, b))
	t.Cleanup(func() {
		cancel()
		srv.Close()
		b.Close()
	})
	return &bench{&api.Client{Endpoint: srv.URL, HTTP: srv.Client()}, t, b, cancel}
}

func (b *bench) settings(s api.Settings) {
	b.t.Helper()
	if err := b.Do(b.t.Context(), http.MethodPut, "/admin/projects/acme", s, nil); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) create(ctx context.Context) (api.Instance, error) {
	var i api.Instance
	err := b.Do(ctx, http.MethodPost, api.Path("acme", api.Instances, ""), api.InstanceSpec{Name: "np1", Image: "ubuntu", Flavor: "small", Tags: map[string]string{"node": "1"}}, &i)
	return i, err
}
