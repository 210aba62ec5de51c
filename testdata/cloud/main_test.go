package cloud_test

import (
	"context"
	"net/http"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "simcloud-test-")
	if err != nil {
		panic(err)
	}
	scratch = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// start runs a cloud of the test's own.
func start(tb testing.TB) *cloud.Cloud {
	tb.Helper()
	c, err := cloud.Start(tb.Context(), tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Stop)
	return c
}

// mirror is made once; see terraform_test.go.
var mirror = sync.OnceValues(func() (string, error) { return cloud.Mirror(context.Background(), scratch) })

func create(tb testing.TB, c *api.Client, tags map[string]string) (api.Instance, error) {
	var i api.Instance
	err := c.Do(tb.Context(), http.MethodPost, api.Path("acme", api.Instances, ""), api.InstanceSpec{Name: "np", Image: "ubuntu", Flavor: "small", Tags: tags}, &i)
	return i, err
}

func bill(tb testing.TB, c *cloud.Cloud) api.Books {
	tb.Helper()
	b, err := c.Books(tb.Context(), "acme")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
